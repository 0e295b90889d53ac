"""The kernel of the argument: Linux 2.6.22 for i386, built for SMP. ``kernel.py`` puts it together."""
