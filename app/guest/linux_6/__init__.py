"""Today's kernel: Linux 6.x for x86-64. ``kernel.py`` puts it together."""
