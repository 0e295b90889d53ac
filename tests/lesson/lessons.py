"""Lessons to read."""

LESSON = """\
title = "A request is not an interrupt"
summary = "What waits, and for what."
level = "beginner"
minutes = 10
backends = ["vmi"]

[machine]
cpus = 2

[[scene]]
title = "One runs, one waits"
say = '''
CPU 0 has a task priority of 0x50.
Two requests have come.'''
do = ["tpr 0 50", "ipi 1 0 41", "ipi 1 0 61", "idle"]
select = { cpu = 0, vector = 0x41 }
density = "lecture"

[scene.ask]
kind = "fate"
cpu = 0
vector = 0x51
when = ["ipi 1 0 51"]

[[scene]]
title = "Let it in"
say = "Make 0x41 run."
do = ["ipi 1 0 71"]
until = "isr(0x71) on 0"

[scene.task]
goal = "taken(0x41) on 0"
without = "merged"
most = 1
hint = "Its class has to be above that of the task priority."
answer = ["tpr 0 30"]
wrong = [["tpr 0 40"], ["reg 0 EOI 0", "idle"], ["tpr 0 40", "tpr 0 30"], ["ipi 1 0 41"]]
"""
