"""The sections of the attack lab; ``pages/attack_lab.py`` puts them together."""
