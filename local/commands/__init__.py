"""The subcommands of `dicom-deid`, one module each: `register` adds them to the application."""
