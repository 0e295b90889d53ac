"""Virtual time: commands, the queue, the CPUs at work."""
