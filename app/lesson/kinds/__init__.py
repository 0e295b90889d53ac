"""Kinds of questions, one module each, which says everything about its own: what is asked, what the model answers, and
the wrong ideas with the answers that follow from them. What these have in common with the truth is theirs, too: an idea
that gives the right answer is no distractor there. ``table`` has them all."""
