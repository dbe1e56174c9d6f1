"""Modules of golden results register cases when imported; their test imports them."""

collect_ignore_glob = ["golden*.py"]
