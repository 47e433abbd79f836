"""Header de-identification by PS3.15 Annex E: tables, profiles, actions, and the streaming `redact`."""
