error("nobody catches it")
