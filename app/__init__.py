"""The Streamlit side of the dashboard: widgets, charts, caches. Nothing in ``core`` imports it."""
