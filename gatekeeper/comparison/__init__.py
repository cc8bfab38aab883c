"""Two candidates, two checks or two lm-eval runs, side by side. Pure."""
