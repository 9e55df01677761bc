"""Where messages come from: text, files, a browser's HAR export, a capture of packets."""
