package shop;

import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.util.Map;

/** {@code POST /orders} with {@code {"item": …, "quantity": …}} and an Idempotency-Key. */
final class OrderServlet extends PostServlet {
    private final Orders orders;
    private final Work work;

    OrderServlet(Orders orders, Work work) {
        this.orders = orders;
        this.work = work;
    }

    @Override
    String done(HttpServletRequest request) throws IOException, BadRequest {
        Map<String, Object> fields = Json.fields(request);
        int item = Json.count(fields, "item");
        int quantity = Json.count(fields, "quantity");
        long number = Orders.numberOf(request.getHeader("Idempotency-Key"));
        work.run();
        orders.place(number, item, quantity);
        return "{\"order\": %d, \"item\": %d, \"quantity\": %d}".formatted(number, item, quantity);
    }
}
