// A foreign service on the JVM, in one file: java Shop.java PORT
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

public class Shop {
    private static final Map<String, Integer> STORED = new ConcurrentHashMap<>();
    private static final AtomicInteger NUMBERS = new AtomicInteger();
    private static final int WORK_MS = Integer.parseInt(System.getenv().getOrDefault("TARGET_WORK_MS", "5"));

    public static void main(String[] arguments) throws IOException {
        System.setProperty("sun.net.httpserver.nodelay", "true"); // else each answer waits 40 ms for an ACK
        System.setProperty("sun.net.httpserver.idleInterval", "60");
        HttpServer server = HttpServer.create(new InetSocketAddress(Integer.parseInt(arguments[0])), 128);
        server.createContext("/health", exchange -> answer(exchange, 200, "{\"healthy\": true}"));
        server.createContext("/orders", Shop::order);
        server.setExecutor(Executors.newFixedThreadPool(16));
        server.start();
    }

    private static void order(HttpExchange exchange) throws IOException {
        exchange.getRequestBody().readAllBytes();
        String key = exchange.getRequestHeaders().getFirst("Idempotency-Key");
        if (!exchange.getRequestMethod().equals("POST") || key == null) {
            answer(exchange, 400, "{\"error\": \"an order needs a key\"}");
            return;
        }
        work();
        answer(exchange, 200, "{\"order\": " + STORED.computeIfAbsent(key, k -> NUMBERS.incrementAndGet()) + "}");
    }

    private static void work() {
        try {
            Thread.sleep(WORK_MS);
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }

    private static void answer(HttpExchange exchange, int status, String text) throws IOException {
        byte[] bytes = text.getBytes();
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }
}
