"""Why the task is missed, and what to do next. Pure."""
