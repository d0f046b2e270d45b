"""The commands behind `./hotline`, one file each; the contract of the batch commands is kept here."""
