"""What the rules claim about TensorFlow and Keras, run: one module per rule, one test per claim."""
