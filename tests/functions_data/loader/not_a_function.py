handle = "a text"
