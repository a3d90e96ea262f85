"""Model programs that were written after the reading of models, and not looked at while it was made."""

PROGRAMS = {
    "lenet": """
        from keras.models import Sequential
        from keras.layers import Conv2D, AveragePooling2D, Flatten, Dense, ZeroPadding2D
        model = Sequential([ZeroPadding2D(2, input_shape=(28,28,1)), Conv2D(6,5,activation="tanh"), AveragePooling2D(2), Conv2D(16,5,activation="tanh"), AveragePooling2D(2), Flatten()])
        [model.add(Dense(n, activation="tanh")) for n in (120, 84)]
        model.add(Dense(10, activation="softmax"))
        model.compile("sgd","categorical_crossentropy"); model.fit(x, y, 32)
    """,
    "inception": """
        import keras
        from keras.layers import *
        from keras.models import Model
        def inception_module(x, f1, f3r, f3, f5r, f5, fp, name=None):
            c1 = Conv2D(f1, (1,1), padding='same', activation='relu')(x)
            c3 = Conv2D(f3r, (1,1), padding='same', activation='relu')(x)
            c3 = Conv2D(f3, (3,3), padding='same', activation='relu')(c3)
            c5 = Conv2D(f5r, (1,1), padding='same', activation='relu')(x)
            c5 = Conv2D(f5, (5,5), padding='same', activation='relu')(c5)
            p = MaxPool2D((3,3), strides=(1,1), padding='same')(x)
            p = Conv2D(fp, (1,1), padding='same', activation='relu')(p)
            return concatenate([c1,c3,c5,p], axis=3, name=name)
        inp = Input(shape=(224,224,3))
        x = Conv2D(64,(7,7),padding='same',strides=(2,2),activation='relu')(inp)
        x = MaxPool2D((3,3),padding='same',strides=(2,2))(x)
        x = inception_module(x,64,96,128,16,32,32,name='i3a')
        x1 = AveragePooling2D((5,5),strides=3)(x)
        x1 = Dense(10,activation='softmax',name='aux')(Flatten()(Conv2D(128,(1,1),activation='relu')(x1)))
        for cfg in [(128,128,192,32,96,64),(192,96,208,16,48,64)]:
            x = inception_module(x,*cfg)
            x = MaxPool2D((3,3),padding='same',strides=(2,2))(x)
        x = Dense(10,activation='softmax',name='main')(Dropout(.4)(GlobalAveragePooling2D()(x)))
        model = Model(inp,[x,x1])
        model.compile(optimizer=keras.optimizers.SGD(0.01,momentum=.9),loss=['categorical_crossentropy']*2)
        model.fit(X,[y,y],epochs=3,batch_size=256)
    """,
    "squeeze excite class": """
        import tensorflow as tf
        class SEBlock(tf.keras.layers.Layer):
            def __init__(self, ratio=16, **kw):
                super().__init__(**kw); self.ratio = ratio
            def build(self, input_shape):
                c = input_shape[-1]
                self.pool = tf.keras.layers.GlobalAveragePooling2D(keepdims=True)
                self.fc1 = tf.keras.layers.Conv2D(max(c // self.ratio, 4), 1, activation="relu")
                self.fc2 = tf.keras.layers.Conv2D(c, 1, activation="sigmoid")
            def call(self, x): return x * self.fc2(self.fc1(self.pool(x)))
        class Stage(tf.keras.layers.Layer):
            def __init__(self, filters, blocks):
                super().__init__()
                self.blocks = [tf.keras.Sequential([tf.keras.layers.SeparableConv2D(filters, 3, padding="same"), tf.keras.layers.BatchNormalization(), tf.keras.layers.ReLU(), SEBlock()]) for _ in range(blocks)]
                self.down = tf.keras.layers.Conv2D(filters, 2, strides=2)
            def call(self, x, training=None):
                x = self.down(x)
                for b in self.blocks: x = x + b(x, training=training)
                return x
        inputs = tf.keras.Input((96, 96, 3))
        x = inputs
        for f, n in zip((32, 64, 128), (1, 2, 3)): x = Stage(f, n)(x)
        model = tf.keras.Model(inputs, tf.keras.layers.Dense(5)(tf.keras.layers.GlobalMaxPooling2D()(x)))
        model.compile(tf.keras.optimizers.AdamW(1e-3), "mse"); model.fit(ds, epochs=4)
    """,
    "vae cvae": """
        import keras
        from keras import layers, ops
        class Sampling(layers.Layer):
            def __init__(self, **kwargs):
                super().__init__(**kwargs)
                self.seed_generator = keras.random.SeedGenerator(1337)
            def call(self, inputs):
                z_mean, z_log_var = inputs
                batch = ops.shape(z_mean)[0]
                dim = ops.shape(z_mean)[1]
                epsilon = keras.random.normal(shape=(batch, dim), seed=self.seed_generator)
                return z_mean + ops.exp(0.5 * z_log_var) * epsilon
        latent_dim = 2
        enc_in = keras.Input(shape=(28, 28, 1))
        x = layers.Conv2D(32, 3, activation="relu", strides=2, padding="same")(enc_in)
        x = layers.Conv2D(64, 3, activation="relu", strides=2, padding="same")(x)
        x = layers.Dense(16, activation="relu")(layers.Flatten()(x))
        z_mean = layers.Dense(latent_dim)(x); z_log_var = layers.Dense(latent_dim)(x)
        z = Sampling()([z_mean, z_log_var])
        encoder = keras.Model(enc_in, [z_mean, z_log_var, z], name="encoder")
        lat = keras.Input(shape=(latent_dim,))
        x = layers.Dense(7 * 7 * 64, activation="relu")(lat)
        x = layers.Reshape((7, 7, 64))(x)
        x = layers.Conv2DTranspose(64, 3, activation="relu", strides=2, padding="same")(x)
        x = layers.Conv2DTranspose(32, 3, activation="relu", strides=2, padding="same")(x)
        decoder = keras.Model(lat, layers.Conv2DTranspose(1, 3, activation="sigmoid", padding="same")(x))
        model = keras.Model(enc_in, decoder(encoder(enc_in)[2]))
        model.compile("adam", "binary_crossentropy"); model.fit(data, data, batch_size=128)
    """,
    "mlp mixer": """
        import keras
        from keras import layers
        class MLPMixerLayer(layers.Layer):
            def __init__(self, num_patches, hidden_units, dropout_rate, *args, **kwargs):
                super().__init__(*args, **kwargs)
                self.mlp1 = keras.Sequential([layers.Dense(units=num_patches, activation="gelu"), layers.Dense(units=num_patches), layers.Dropout(rate=dropout_rate)])
                self.mlp2 = keras.Sequential([layers.Dense(units=num_patches, activation="gelu"), layers.Dense(units=hidden_units), layers.Dropout(rate=dropout_rate)])
                self.normalize = layers.LayerNormalization(epsilon=1e-6)
            def build(self, input_shape): return super().build(input_shape)
            def call(self, inputs):
                x = self.normalize(inputs)
                x_channels = keras.ops.transpose(x, axes=(0, 2, 1))
                mlp1_outputs = self.mlp1(x_channels)
                mlp1_outputs = keras.ops.transpose(mlp1_outputs, axes=(0, 2, 1))
                x = mlp1_outputs + inputs
                return x + self.mlp2(self.normalize(x))
        blocks = keras.Sequential([MLPMixerLayer(64, 256, 0.2) for _ in range(4)])
        inputs = keras.Input((64, 256))
        x = layers.Dense(256)(inputs)
        x = blocks(x)
        model = keras.Model(inputs, layers.Dense(100)(layers.Dropout(0.2)(layers.GlobalAveragePooling1D()(x))))
        model.compile(keras.optimizers.AdamW(0.005), "mse"); model.fit(x_train, y_train, batch_size=128)
    """,
    "captioning decoder": """
        import tensorflow as tf
        from tensorflow.keras.layers import *
        from tensorflow.keras.models import Model
        vocab_size = 8485; max_length = 35
        inputs1 = Input(shape=(4096,), name="image")
        fe1 = Dropout(0.4)(inputs1)
        fe2 = Dense(256, activation='relu')(fe1)
        inputs2 = Input(shape=(max_length,), name="text")
        se1 = Embedding(vocab_size, 256, mask_zero=True)(inputs2)
        se3 = LSTM(256)(Dropout(0.4)(se1))
        decoder1 = add([fe2, se3])
        decoder2 = Dense(256, activation='relu')(decoder1)
        outputs = Dense(vocab_size, activation='softmax')(decoder2)
        model = Model(inputs=[inputs1, inputs2], outputs=outputs)
        model.compile(loss='categorical_crossentropy', optimizer='adam')
        model.fit(generator, epochs=1, steps_per_epoch=100, verbose=1)
    """,
    "speech ctc": """
        import tensorflow as tf
        from tensorflow import keras
        from tensorflow.keras import layers
        def build_model(input_dim, output_dim, rnn_layers=5, rnn_units=128):
            input_spectrogram = layers.Input((None, input_dim), name="input")
            x = layers.Reshape((-1, input_dim, 1), name="expand_dim")(input_spectrogram)
            x = layers.Conv2D(filters=32, kernel_size=[11, 41], strides=[2, 2], padding="same", use_bias=False, name="conv_1")(x)
            x = layers.BatchNormalization(name="conv_1_bn")(x)
            x = layers.ReLU(name="conv_1_relu")(x)
            x = layers.Reshape((-1, x.shape[-2] * x.shape[-1]))(x)
            for i in range(1, rnn_layers + 1):
                recurrent = layers.GRU(units=rnn_units, activation="tanh", recurrent_activation="sigmoid", use_bias=True, return_sequences=True, reset_after=True, name=f"gru_{i}")
                x = layers.Bidirectional(recurrent, name=f"bidirectional_{i}", merge_mode="concat")(x)
                if i < rnn_layers:
                    x = layers.Dropout(rate=0.5)(x)
            x = layers.Dense(units=rnn_units * 2, name="dense_1")(x)
            x = layers.ReLU(name="dense_1_relu")(x)
            output = layers.Dense(units=output_dim + 1, activation="softmax")(x)
            model = keras.Model(input_spectrogram, output, name="DeepSpeech_2")
            opt = keras.optimizers.Adam(learning_rate=1e-4)
            model.compile(optimizer=opt, loss="mse")
            return model
        fft_length = 384
        model = build_model(input_dim=fft_length // 2 + 1, output_dim=31, rnn_units=512)
        model.fit(train_dataset, epochs=1)
    """,
    "config dict trainer": """
        import argparse, keras
        from keras import layers
        CONFIG = {"filters": [32, 64, 128], "kernel": 3, "dropout": 0.25, "dense": [256], "classes": 43, "norm": True}
        class Net:
            def __init__(self, cfg): self.cfg = cfg; self.model = None
            def block(self, x, f):
                x = layers.Conv2D(f, self.cfg["kernel"], padding="same", use_bias=not self.cfg["norm"])(x)
                if self.cfg["norm"]: x = layers.BatchNormalization()(x)
                x = layers.LeakyReLU(negative_slope=0.1)(x)
                return layers.MaxPooling2D()(x)
            def build(self, shape):
                inp = x = keras.Input(shape)
                for f in self.cfg["filters"]: x = self.block(x, f)
                x = layers.Flatten()(x)
                for u in self.cfg["dense"]:
                    x = layers.Dense(u, activation="relu")(x); x = layers.Dropout(self.cfg["dropout"])(x)
                self.model = keras.Model(inp, layers.Dense(self.cfg["classes"], activation="softmax")(x))
                return self
        def main():
            p = argparse.ArgumentParser(); p.add_argument("--size", type=int, default=48); p.add_argument("--bs", type=int, default=64)
            a = p.parse_args([])
            net = Net(CONFIG).build((a.size, a.size, 3))
            net.model.compile("nadam", "sparse_categorical_crossentropy")
            net.model.fit(x, y, batch_size=a.bs)
        main()
    """,
    "unet++ dict nodes": """
        import keras
        from keras import layers
        def conv(x, f):
            for _ in range(2):
                x = layers.Conv2D(f, 3, padding="same")(x)
                x = layers.GroupNormalization(8)(x)
                x = layers.Activation("silu")(x)
            return x
        filters = [16, 32, 64, 128]
        inp = keras.Input((128, 128, 1))
        nodes = {}
        x = inp
        for i, f in enumerate(filters):
            nodes[i, 0] = conv(x if i == 0 else layers.MaxPooling2D()(nodes[i - 1, 0]), f)
        for j in range(1, len(filters)):
            for i in range(len(filters) - j):
                up = layers.UpSampling2D()(nodes[i + 1, j - 1])
                nodes[i, j] = conv(layers.Concatenate()([nodes[i, k] for k in range(j)] + [up]), filters[i])
        outs = [layers.Conv2D(1, 1, activation="sigmoid", name=f"out{j}")(nodes[0, j]) for j in range(1, len(filters))]
        model = keras.Model(inp, outs)
        model.compile("adam", ["binary_crossentropy"] * 3); model.fit(x, y, batch_size=4)
    """,
    "gated residual tft": """
        import keras
        from keras import layers
        class GatedLinearUnit(layers.Layer):
            def __init__(self, units):
                super().__init__(); self.linear = layers.Dense(units); self.sigmoid = layers.Dense(units, activation="sigmoid")
            def call(self, inputs): return self.linear(inputs) * self.sigmoid(inputs)
        class GatedResidualNetwork(layers.Layer):
            def __init__(self, units, dropout_rate):
                super().__init__()
                self.units = units
                self.elu_dense = layers.Dense(units, activation="elu"); self.linear_dense = layers.Dense(units)
                self.dropout = layers.Dropout(dropout_rate); self.gate = GatedLinearUnit(units)
                self.layer_norm = layers.LayerNormalization(); self.project = layers.Dense(units)
            def call(self, inputs):
                x = self.elu_dense(inputs); x = self.linear_dense(x); x = self.dropout(x)
                if inputs.shape[-1] != self.units:
                    inputs = self.project(inputs)
                x = inputs + self.gate(x)
                return self.layer_norm(x)
        class VariableSelection(layers.Layer):
            def __init__(self, num_features, units, dropout_rate):
                super().__init__()
                self.grns = [GatedResidualNetwork(units, dropout_rate) for _ in range(num_features)]
                self.grn_concat = GatedResidualNetwork(units, dropout_rate)
                self.softmax = layers.Dense(units=num_features, activation="softmax")
            def call(self, inputs):
                v = keras.ops.concatenate(inputs, axis=-1)
                v = self.grn_concat(v)
                v = keras.ops.expand_dims(self.softmax(v), axis=-1)
                x = [self.grns[i](one) for i, one in enumerate(inputs)]
                x = keras.ops.stack(x, axis=1)
                return keras.ops.sum(v * x, axis=1)
        inputs = {n: keras.Input((1,), name=n) for n in ("age", "wage", "weeks")}
        feats = [layers.Dense(16)(i) for i in inputs.values()]
        x = VariableSelection(3, 16, 0.1)(feats)
        model = keras.Model(list(inputs.values()), layers.Dense(1, activation="sigmoid")(x))
        model.compile("adam", "binary_crossentropy"); model.fit(x, y, batch_size=265)
    """,
    "spatial transformer-ish lambda & multiply": """
        from tensorflow.keras import layers, Model, Input, backend as K
        import tensorflow as tf
        def attention_3d_block(hidden_states):
            hidden_size = int(hidden_states.shape[2])
            score_first_part = layers.Dense(hidden_size, use_bias=False, name='attention_score_vec')(hidden_states)
            h_t = layers.Lambda(lambda x: x[:, -1, :], output_shape=(hidden_size,), name='last_hidden_state')(hidden_states)
            score = layers.Dot(axes=(1, 2))([h_t, score_first_part])
            attention_weights = layers.Activation('softmax', name='attention_weight')(score)
            context_vector = layers.Dot(axes=(1, 1))([hidden_states, attention_weights])
            pre_activation = layers.concatenate([context_vector, h_t])
            return layers.Dense(128, use_bias=False, activation='tanh')(pre_activation)
        i = Input(shape=(20, 3))
        x = layers.LSTM(64, return_sequences=True)(i)
        x = attention_3d_block(x)
        x = layers.Dropout(0.2)(x)
        model = Model(inputs=i, outputs=layers.Dense(1, activation='linear')(x))
        model.compile("adam", "mse"); model.fit(data_x, data_y, epochs=10)
    """,
    "custom rnn cells & convlstm": """
        import keras
        from keras import layers
        seq = keras.Input((None, 40, 40, 1))
        x = seq
        for k in (5, 3, 1):
            x = layers.ConvLSTM2D(filters=64, kernel_size=(k, k), padding="same", return_sequences=True, activation="relu")(x)
            if k != 1: x = layers.BatchNormalization()(x)
        x = layers.Conv3D(filters=1, kernel_size=(3, 3, 3), activation="sigmoid", padding="same")(x)
        model = keras.models.Model(seq, x)
        model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adadelta()); model.fit(x_train, y_train, batch_size=10)
    """,
    "partial freeze functional by name and index": """
        import keras
        from keras import layers
        inp = keras.Input((32,32,3)); x = inp
        for i, f in enumerate((8, 16, 32, 64)):
            x = layers.Conv2D(f, 3, padding="same", name=f"conv{i}")(x)
            x = layers.BatchNormalization(name=f"bn{i}")(x)
            x = layers.MaxPooling2D(name=f"pool{i}")(x)
        backbone = keras.Model(inp, x, name="backbone")
        for layer in backbone.layers[:7]:
            if not isinstance(layer, layers.BatchNormalization):
                layer.trainable = False
        backbone.get_layer("bn3").trainable = False
        head = keras.Sequential([layers.Flatten(), layers.Dense(10)])
        model = keras.Model(backbone.input, head(backbone.output))
        model.compile("adam", "mse"); model.fit(a, b)
    """,
    "dueling dqn subclass with build call": """
        import tensorflow as tf
        class Dueling(tf.keras.Model):
            def __init__(self, n_actions, fc1=128, fc2=128):
                super().__init__()
                self.dense1 = tf.keras.layers.Dense(fc1, activation='relu'); self.dense2 = tf.keras.layers.Dense(fc2, activation='relu')
                self.V = tf.keras.layers.Dense(1, activation=None); self.A = tf.keras.layers.Dense(n_actions, activation=None)
            def call(self, state):
                x = self.dense2(self.dense1(state))
                V, A = self.V(x), self.A(x)
                return V + (A - tf.math.reduce_mean(A, axis=1, keepdims=True))
            def advantage(self, state): return self.A(self.dense2(self.dense1(state)))
        class Agent:
            def __init__(self, n_actions, input_dims, batch_size=64):
                self.batch_size = batch_size
                self.q_eval = Dueling(n_actions); self.q_next = Dueling(n_actions)
                self.q_eval(tf.keras.Input((input_dims,)))
                self.q_eval.compile(optimizer=tf.keras.optimizers.Adam(1e-3), loss='mean_squared_error')
            def learn(self, states, target): self.q_eval.train_on_batch(states, target)
        agent = Agent(4, 8)
        agent.learn(s, t)
    """,
    "vit: class token and positions": """
        import keras
        from keras import ops
        class V(keras.layers.Layer):
            def __init__(self, n, d, p, **kw):
                super().__init__(**kw)
                grid = tuple([s // q for s, q in zip(n, p)])
                self.num = grid[0] * grid[1] + 1
                self.d, self.p = d, p
            def build(self, shape):
                self.cls = self.add_weight(shape=(1, 1, self.d), name="cls")
                self.patch = keras.layers.Conv2D(self.d, self.p, strides=self.p)
                self.patch.build(shape)
                self.pos = keras.layers.Embedding(self.num, self.d)
                self.pos.build((1, self.num))
                self.ids = keras.ops.expand_dims(keras.ops.arange(self.num), axis=0)
            def call(self, x):
                y = self.patch(x)
                s = ops.shape(y)
                y = ops.reshape(y, [s[0], -1, s[-1]])
                pe = self.pos(self.ids)
                c = ops.tile(self.cls, (s[0], 1, 1))
                y = ops.concatenate([c, y], axis=1)
                return ops.add(y, pe)
        i = keras.Input((32,32,3))
        x = V((32, 32), 16, (8, 8))(i)
        model = keras.Model(i, x)
        model.compile("sgd", "mse")
        model.fit(X, Y, batch_size=8)
    """,
    "encoders that build their layers themselves": """
        import keras
        from keras import ops
        class Enc(keras.layers.Layer):
            def __init__(self, heads, inter, **kw):
                super().__init__(**kw)
                self.heads, self.inter = heads, inter
            def build(self, inputs_shape):
                hidden = inputs_shape[-1]
                key_dim = int(hidden // self.heads)
                self.att = keras.layers.MultiHeadAttention(num_heads=self.heads, key_dim=key_dim)
                self.att.build(query_shape=inputs_shape, value_shape=inputs_shape)
                self.norm = keras.layers.LayerNormalization()
                self.norm.build(inputs_shape)
                self.d1 = keras.layers.Dense(self.inter)
                self.d2 = keras.layers.Dense(hidden)
                self.built = True
            def call(self, x):
                x = self.norm(x + self.att(x, x))
                return x + self.d2(self.d1(x))
        class Pos(keras.layers.Layer):
            def __init__(self, n, **kw):
                super().__init__(**kw)
                self.n = n
            def build(self, shape):
                self.w = self.add_weight(shape=[self.n, shape[-1]])
            def call(self, x):
                s = ops.shape(x)
                p = ops.convert_to_tensor(self.w)
                p = ops.slice(p, (0, 0), (s[-2], s[-1]))
                return ops.broadcast_to(p, s)
        i = keras.Input((10,), dtype="int32")
        x = keras.layers.Embedding(100, 16)(i)
        x = keras.layers.Add()((x, Pos(20)(x)))
        for k in range(3):
            x = Enc(4, 32)(x)
        model = keras.Model(i, x)
        model.compile("sgd", "mse")
        model.fit(X, Y, batch_size=8)
    """,
    "a functional subclass of two inputs and outputs": """
        import keras
        class B(keras.Model):
            def __init__(self, v, d, **kw):
                self.emb = keras.layers.Embedding(v, d, name="e")
                self.add = keras.layers.Add()
                i = keras.Input((10,), dtype="int32", name="a")
                j = keras.Input((10,), dtype="int32", name="b")
                x = self.add((self.emb(i), self.emb(j)))
                y = keras.layers.Dense(3)(x[:, 0, :])
                super().__init__(inputs=[i, j], outputs=[x, y])
                self.v = v
        model = B(100, 8)
        model.compile("sgd", "mse")
        model.fit(X, Y, batch_size=8)
    """,
    "of a nested model only one output is used": """
        import keras
        from keras import layers
        i = keras.Input((8,))
        h = layers.Dense(4)(i)
        enc = keras.Model(i, [h, layers.Dense(5)(h)])
        j = keras.Input((8,))
        model = keras.Model(j, layers.Dense(1)(enc(j)[0]))
        model.compile("adam", "mse")
        model.fit(X, Y, batch_size=16)
    """,
    "a slice of a learned position table": """
        import keras
        import tensorflow as tf
        class V(keras.layers.Layer):
            def build(self, shape):
                self.pos = self.add_weight(shape=(1, 100, 8), name="pos")
                self.k = self.add_weight(shape=(8, 4), name="k")
                self.s = self.add_weight(shape=(), name="s")
            def call(self, y):
                y = y + self.pos[:, :tf.shape(y)[1], :]
                return tf.matmul(y, self.k * self.s)
        i = keras.Input((16, 8))
        x = V()(i)
        model = keras.Model(i, x)
        model.compile("sgd", "mse")
        model.fit(X, Y, batch_size=8)
    """,
}
