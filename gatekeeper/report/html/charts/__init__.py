"""The pictures of the report, one file each. Every chart takes its width as an argument: a wide and
a narrow one are drawn, and the style sheet shows the one that fits, so text keeps its size on a
phone."""
