"""What people ask: every command with its fields, its refusal, its effect and its words, one file per family."""
