"""Between written text and a voice: sentences, plain spoken text, languages."""
