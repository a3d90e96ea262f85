"""Further cases of BS312: first what stays silent, and why; then what fires, with marks."""

SILENT = {
    "another part of the model runs in the block": """
import tensorflow as tf
class VAE(tf.keras.Model):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
    def train_step(self, data):
        code = self.encoder(data)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(data - self.decoder(code)))
        gradients = tape.gradient(loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_weights))
        return {"loss": loss}
""",
    "only the decoder is asked": """
import tensorflow as tf
class Probe(tf.keras.Model):
    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder
        self.scale = tf.Variable(1.0)
    def train_step(self, data):
        code = self.encoder(data)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(code * self.scale))
        gradients = tape.gradient(loss, [self.scale])
        self.optimizer.apply_gradients(zip(gradients, [self.scale]))
        return {"loss": loss}
""",
    "a weight of the model's own is used in the block": """
import tensorflow as tf
class Scaled(tf.keras.Model):
    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder
        self.scale = tf.Variable(1.0)
    def train_step(self, data):
        code = self.encoder(data)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(code * self.scale))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        return {"loss": loss}
""",
    "so is one that the class makes": """
import tensorflow as tf
class Scaled(tf.keras.Model):
    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder
    def build(self, shape):
        self.scale = self.add_weight(shape=())
    def train_step(self, data):
        code = self.encoder(data)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(code * self.scale))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        return {"loss": loss}
""",
    "a loss of the program's own runs the model": """
import keras
import tensorflow as tf
class Model(keras.Model):
    def compute_loss(self, x, y, y_pred):
        return tf.reduce_mean(tf.square(y - self(x)))
    def train_step(self, data):
        x, y = data
        y_pred = self(x, training=True)
        with tf.GradientTape() as tape:
            loss = self.compute_loss(x, y, y_pred)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        return {"loss": loss}
""",
    "a parameter gets the model": """
import tensorflow as tf
def train_step(model, loss_fn, optimizer, x, y):
    pred = model(x, training=True)
    with tf.GradientTape() as tape:
        loss = loss_fn(model, x, y)
    grads = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(grads, model.trainable_variables))
    print(pred)
""",
    "a parameter, all on the tape": """
import tensorflow as tf
def train_step(model, loss_fn, optimizer, x, y):
    with tf.GradientTape() as tape:
        pred = model(x, training=True)
        loss = loss_fn(y, pred)
    grads = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(grads, model.trainable_variables))
""",
}
FIRING = {
    "the loss of the compiled model": """
import keras
import tensorflow as tf
class Model(keras.Model):
    def train_step(self, data):
        x, y = data
        y_pred = self(x, training=True)
#                ^^^^^^^^^^^^^^^^^^^^^^
        with tf.GradientTape() as tape:
            loss = self.compute_loss(x=x, y=y, y_pred=y_pred)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        return {"loss": loss}
""",
    "both parts run before the tape": """
import tensorflow as tf
class VAE(tf.keras.Model):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
    def train_step(self, data):
        code = self.encoder(data)
#              ^^^^^^^^^^^^^^^^^^
        output = self.decoder(code)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(data - output))
        gradients = tape.gradient(loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_weights))
        return {"loss": loss}
""",
    "a loss that is a parameter": """
import tensorflow as tf
def train_step(model, loss_fn, optimizer, x, y):
    pred = model(x, training=True)
#          ^^^^^^^^^^^^^^^^^^^^^^^
    with tf.GradientTape() as tape:
        loss = loss_fn(y, pred)
    grads = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(grads, model.trainable_variables))
""",
    "a loss that is an attribute": """
import tensorflow as tf
class T:
    def __init__(self, model, loss, opt):
        self.model, self.loss, self.opt = model, loss, opt
    def step(self, x, y):
        logits = self.model(x, training=True)
#                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        with tf.GradientTape() as tape:
            value = tf.reduce_mean(self.loss(y, logits))
        grads = tape.gradient(value, self.model.trainable_variables)
        self.opt.apply_gradients(zip(grads, self.model.trainable_variables))
""",
}
