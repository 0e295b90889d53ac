"""Today's kernel: Linux 6.12 for x86-64. ``kernel.py`` puts it together."""
