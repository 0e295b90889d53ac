"""What sessions and browsers say to each other."""
