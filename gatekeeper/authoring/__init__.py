"""For authors of suites and policies: drafting, faults, measuring, planning, cases, replay."""
