package shop;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.HexFormat;
import java.util.stream.Stream;

/** What is stored, to be held against what clients were told: {"stored": {request: [key, …]}, "limits": {…}}. */
final class LedgerServlet extends HttpServlet {
    private final Coupons coupons;
    private final Orders orders;

    LedgerServlet(Coupons coupons, Orders orders) {
        this.coupons = coupons;
        this.orders = orders;
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.setContentType("application/json");
        response.setCharacterEncoding("UTF-8");
        PrintWriter out = response.getWriter();
        out.print("{\"stored\": {\"coupon\": [");
        list(out, coupons.holders().stream().map(Json::quoted));
        out.print("], \"order\": [");
        list(out, orders.keys().mapToObj(key -> '"' + HexFormat.of().toHexDigits(key, Orders.DIGITS) + '"'));
        out.print("]}, \"limits\": {\"coupon\": " + coupons.stock() + "}}");
    }

    /** One by one: a million keys would be 50 MB as one text. */
    private static void list(PrintWriter out, Stream<String> texts) {
        String[] before = {""};
        texts.forEach(text -> {
            out.print(before[0]);
            out.print(text);
            before[0] = ", ";
        });
    }
}
