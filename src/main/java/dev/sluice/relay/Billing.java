package dev.sluice.relay;

import dev.sluice.access.Caller;
import dev.sluice.access.Token;
import dev.sluice.access.Tokens;
import dev.sluice.access.User;
import dev.sluice.access.Users;
import dev.sluice.ledger.CallTable;
import dev.sluice.wire.Money;
import dev.sluice.wire.Refusal;
import dev.sluice.wire.Refusal.Reason;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * OpenAI's old calls about the balance, which chat clients still make: {@code …/dashboard/billing/subscription} and
 * {@code …/usage}, with and without {@code /v1}. They tell of the token's quota, else of its user's. They read the
 * database: the counters in memory stand still.
 */
@Component
final class Billing {
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamWriteFeature.WRITE_BIGDECIMAL_AS_PLAIN)
            .build();
    private static final String PATH = "/dashboard/billing/";

    /** What clients take for "no limit": the figure that others of the field answer with. */
    private static final BigDecimal UNLIMITED = BigDecimal.valueOf(100_000_000);

    private final Tokens tokens;
    private final Users users;
    private final CallTable calls;
    private final Clock clock;

    Billing(Tokens tokens, Users users, CallTable calls, Clock clock) {
        this.tokens = tokens;
        this.users = users;
        this.calls = calls;
        this.clock = clock;
    }

    /** Whether the path, with or without {@code /v1}, is one of these. */
    static boolean serves(String path) {
        String rest = path.startsWith("/v1/") ? path.substring(3) : path;
        return rest.equals(PATH + "subscription") || rest.equals(PATH + "usage");
    }

    /** Whose balance is told, and how it stands. */
    private record Purse(Token token, User user) {
        boolean ofToken() {
            return token.quotaNanos() != null || user.quotaNanos() == null;
        }

        BigDecimal limit() {
            Long quota = ofToken() ? token.quotaNanos() : user.quotaNanos();
            return quota == null ? UNLIMITED : Money.usd(quota);
        }

        long countedNanos(long now) {
            return ofToken()
                    ? token.renewal().counted(token.usedNanos(), now)
                    : user.renewal().counted(user.usedNanos(), now);
        }
    }

    Mono<byte[]> answer(Caller caller, String path, String uri) {
        Mono<Purse> purse = Mono.zip(
                tokens.find(caller.token().id()), users.find(caller.user().id()), Purse::new);
        Mono<Map<String, Object>> answer = path.endsWith("/subscription")
                ? purse.map(Billing::subscription)
                : purse.flatMap(whose -> usage(whose, new QueryStringDecoder(uri).parameters()));
        return answer.map(JSON::writeValueAsBytes)
                .onErrorMap(error -> !(error instanceof Refusal), Billing::unavailable);
    }

    private static Refusal unavailable(Throwable error) {
        return new Refusal(Reason.UNAVAILABLE, "The gateway cannot read the balance just now.");
    }

    private static Map<String, Object> subscription(Purse purse) {
        Long expiresAt = purse.token.expiresAt();
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("object", "billing_subscription");
        answer.put("has_payment_method", true);
        answer.put("soft_limit_usd", purse.limit());
        answer.put("hard_limit_usd", purse.limit());
        answer.put("system_hard_limit_usd", purse.limit());
        answer.put("access_until", expiresAt == null ? 0 : expiresAt / 1000);
        return answer;
    }

    /** Of the days that were asked for, the last not included; of none: what counts against the limit. */
    private Mono<Map<String, Object>> usage(Purse purse, Map<String, List<String>> query) {
        LocalDate from = date(query, "start_date");
        LocalDate to = date(query, "end_date");
        if (from == null && to == null) {
            return Mono.just(usage(purse.countedNanos(clock.millis())));
        }
        String column = purse.ofToken() ? "token_id" : "user_id";
        long id = purse.ofToken() ? purse.token.id() : purse.user.id();
        return calls.spent(column, id, from, to).map(Billing::usage);
    }

    /** In cents. */
    private static Map<String, Object> usage(long nanos) {
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("object", "list");
        BigDecimal cents = Money.usd(nanos).movePointRight(2);
        answer.put("total_usage", cents);
        return answer;
    }

    private static @Nullable LocalDate date(Map<String, List<String>> query, String name) {
        List<String> given = query.getOrDefault(name, List.of());
        if (given.isEmpty() || given.getFirst().isBlank()) {
            return null;
        }
        try {
            return LocalDate.parse(given.getFirst());
        } catch (DateTimeException e) {
            throw new Refusal(
                    Reason.INVALID_VALUE, "'" + name + "' is no date (expected: such as 2027-01-31).", name, null);
        }
    }
}
