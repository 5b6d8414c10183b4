package shop;

import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;

/** {@code POST /coupons/spring/issue} with {@code {"user": …}}; another event is not mapped, and 404. */
final class CouponServlet extends PostServlet {
    private final Coupons coupons;
    private final Work work;

    CouponServlet(Coupons coupons, Work work) {
        this.coupons = coupons;
        this.work = work;
    }

    @Override
    String done(HttpServletRequest request) throws IOException, BadRequest {
        String user = Json.text(Json.fields(request), "user");
        work.run();
        coupons.issue(user);
        return "{\"event\": " + Json.quoted(Coupons.EVENT) + ", \"user\": " + Json.quoted(user) + "}";
    }
}
