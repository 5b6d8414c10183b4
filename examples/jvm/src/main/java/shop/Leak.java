package shop;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/** What a request leaves behind for ever. */
interface Leak {

    void keep();

    static Leak of(Settings settings) {
        return switch (settings.leak()) {
            case "heap" -> new OfHeap(settings.leakKb());
            case "classes" -> new OfClasses(settings.leakEvery());
            default -> () -> {};
        };
    }

    /** A cache that nobody empties. */
    final class OfHeap implements Leak {
        private final Queue<byte[]> kept = new ConcurrentLinkedQueue<>();
        private final int bytes;

        OfHeap(int kb) {
            bytes = kb * 1024;
        }

        @Override
        public void keep() {
            kept.add(new byte[bytes]);
        }
    }

    /**
     * Metaspace, as a script engine or a proxy generator leaks it: a class is only unloaded with its loader, and somebody
     * holds on to that. Each takes 2.6 KB of metaspace, and 1.8 KB of heap for the loader.
     */
    final class OfClasses implements Leak {
        private final Queue<Class<?>> kept = new ConcurrentLinkedQueue<>();
        private final AtomicLong requests = new AtomicLong();
        private final byte[] bytes = bytesOf(Leaked.class);
        private final int every;

        OfClasses(int every) {
            this.every = every;
        }

        @Override
        public void keep() {
            if (requests.getAndIncrement() % every == 0) {
                kept.add(new Fresh().define(bytes));
            }
        }

        private static byte[] bytesOf(Class<?> type) {
            try (InputStream in = type.getResourceAsStream(type.getSimpleName() + ".class")) {
                return in.readAllBytes();
            } catch (IOException broken) {
                throw new UncheckedIOException(broken);
            }
        }

        private static final class Fresh extends ClassLoader {
            Fresh() {
                super(null);
            }

            /** Linked and initialised: until then a class has not all its metaspace. */
            Class<?> define(byte[] bytes) {
                try {
                    return Class.forName(defineClass(null, bytes, 0, bytes.length).getName(), true, this);
                } catch (ClassNotFoundException never) {
                    throw new IllegalStateException(never);
                }
            }
        }
    }
}
