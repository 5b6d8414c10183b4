"""Reports: what a verdict and its history say to a person. Pure: values in, text out; printing is the command line's."""
