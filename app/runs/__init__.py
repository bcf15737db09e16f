"""What the pages that attack share: choices, menus, settings in the address, running things."""
