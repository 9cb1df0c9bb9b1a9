//! The command line: arguments, settings, one file per command, errors and exit codes.
