"""Session: the state machine and the supervisor; the room that knows sight, sound, report and post."""
