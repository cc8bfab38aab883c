"""For whoever writes a suite or a policy: drafting, faults, measuring, planning, cases, replay."""
