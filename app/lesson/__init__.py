"""Lessons: a file of scenes with sentences, questions and tasks; how it is read, run, asked and checked. A question's
answer is never written down: the model gives it."""
