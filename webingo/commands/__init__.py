"""One module for each command of the command line, with a function of the module's name; `common` is what they share."""
