package shop;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Every setting, from {@code SHOP_…} environment variables.
 *
 * @param port where coupons and orders are served, on 127.0.0.1
 * @param healthPort a second connector with threads of its own, for health, ledger and metrics; 0: there is none
 * @param orders how many there is room for from the start
 * @param leakKb what {@code heap} keeps of each request
 * @param leakEvery {@code classes} defines a class with one of so many requests
 */
record Settings(
        int port,
        int healthPort,
        int acceptCount,
        int maxConnections,
        int maxThreads,
        int connectionTimeoutMs,
        int workMs,
        int stock,
        int orders,
        String leak,
        int leakKb,
        int leakEvery) {

    private static final int MANY = 1_000_000;

    /** What is not there has its default. Throws IllegalArgumentException that names all problems at once. */
    static Settings read(Map<String, String> environment) {
        Reader read = new Reader(environment, new ArrayList<>());
        Settings settings = new Settings(
                read.number("PORT", 8080, 1, 65_535),
                read.number("HEALTH_PORT", 0, 0, 65_535),
                read.number("ACCEPT_COUNT", 100, 1, MANY),
                read.number("MAX_CONNECTIONS", 8192, 1, MANY),
                read.number("MAX_THREADS", 40, 1, 10_000),
                read.number("CONNECTION_TIMEOUT_MS", 20_000, 1, 3_600_000),
                read.number("WORK_MS", 20, 0, 60_000),
                read.number("STOCK", 500, 0, MANY),
                read.number("ORDERS", 1_500_000, 1, 5_000_000),
                read.oneOf("LEAK", "false", List.of("false", "heap", "classes")),
                read.number("LEAK_KB", 16, 1, 1024),
                read.number("LEAK_EVERY", 1, 1, MANY));
        if (!read.problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("; ", read.problems));
        }
        return settings;
    }

    private record Reader(Map<String, String> environment, List<String> problems) {

        int number(String name, int otherwise, int low, int high) {
            String text = environment.getOrDefault("SHOP_" + name, String.valueOf(otherwise));
            if (!text.matches("[0-9]{1,9}") || Integer.parseInt(text) < low || Integer.parseInt(text) > high) {
                problems.add("SHOP_%s='%s': expected a whole number from %d to %d".formatted(name, text, low, high));
                return otherwise;
            }
            return Integer.parseInt(text);
        }

        String oneOf(String name, String otherwise, List<String> values) {
            String text = environment.getOrDefault("SHOP_" + name, otherwise);
            if (!values.contains(text)) {
                problems.add("SHOP_%s='%s': expected one of %s".formatted(name, text, String.join(", ", values)));
            }
            return text;
        }
    }
}
