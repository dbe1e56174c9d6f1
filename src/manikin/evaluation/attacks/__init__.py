"""What an attacker could find: shadow models, canaries, copies."""
