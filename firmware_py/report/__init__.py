"""Report: a session folder → MIDI, MusicXML, the score page and report.json. Same folder, same bytes."""
