package dev.sluice.admin;

import dev.sluice.access.Operator;
import dev.sluice.database.Where;
import dev.sluice.ledger.CallTable;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.time.Clock;
import java.time.Duration;
import java.time.LocalDate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.util.MultiValueMap;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Mono;

/** {@code /api/usage}: sums of the ledger, by whole days in UTC. */
@RestController
@RequestMapping("/api/usage")
@Tag(name = "usage", description = "Sums of the ledger by day, model, token, user or channel")
final class UsageApi {
    private static final List<String> GROUPS = List.of("day", "model", "token_id", "user_id", "channel_id");
    private static final long DAY = Duration.ofDays(1).toMillis();
    private static final int DEFAULT_DAYS = 30;

    private final CallTable calls;
    private final Clock clock;

    UsageApi(CallTable calls, Clock clock) {
        this.calls = calls;
        this.clock = clock;
    }

    @GetMapping
    @Listed(
            value = {"from", "to", "group_by", "model", "token_id", "user_id", "channel_id"},
            paged = false)
    @Operation(
            summary =
                    "Rows with calls, errors, prompt_tokens, cached_tokens, completion_tokens, cost_usd. Parameters: from, to"
                            + " (dates, to included, or times, whose whole day counts; default: the last 30 days), group_by (day,"
                            + " model, token_id, user_id, channel_id, separated by commas; default day), and the same as filters")
    Mono<Map<String, Object>> usage(
            @AuthenticationPrincipal Operator operator,
            @Parameter(hidden = true) @RequestParam MultiValueMap<String, String> query) {
        Page page = Page.of(query, "from", "to", "group_by", "model", "token_id", "user_id", "channel_id");
        for (String paging : List.of("limit", "cursor")) {
            if (query.containsKey(paging)) {
                throw Invalid.field(paging, Rule.PARAMETER, "is not taken here: usage comes whole");
            }
        }
        List<String> groupBy = groupBy(page.text("group_by"));
        Long from = page.from("from");
        Long to = page.to("to");
        int today = (int) (clock.millis() / DAY);
        int first = from == null ? today - DEFAULT_DAYS + 1 : (int) Math.floorDiv(from, DAY);
        int last = to == null ? today : (int) Math.floorDiv(to - 1, DAY);
        if (first > last) {
            throw Invalid.field("from", Rule.TIME_BEFORE_END, Rule.TIME_BEFORE_END.message(page.text("from") + ""));
        }
        Where where = new Where()
                .atLeast("usage_day", first)
                .below("usage_day", last + 1)
                .like("model", page.text("model"))
                .equal("token_id", page.number("token_id"))
                .equal("channel_id", page.number("channel_id"))
                .equal("user_id", page.number("user_id"));
        if (!operator.role().administers()) {
            where.equal("user_id", operator.user().id());
        }
        return calls.usage(where, groupBy).map(UsageApi::row).collectList().map(rows -> Map.of("data", rows));
    }

    private static List<String> groupBy(@Nullable String text) {
        List<String> groups = text == null ? List.of("day") : List.of(text.split(","));
        if (!GROUPS.containsAll(groups) || Set.copyOf(groups).size() != groups.size()) {
            throw Invalid.field(
                    "group_by", Rule.PARAMETER, text + " (expected: any of " + String.join(",", GROUPS) + ")");
        }
        return groups;
    }

    private static Map<String, Object> row(CallTable.Sums sums) {
        Map<String, Object> row = new LinkedHashMap<>();
        sums.groups().forEach((name, value) -> row.put(name, shown(name, value)));
        row.put("calls", sums.calls());
        row.put("errors", sums.errors());
        row.put("prompt_tokens", sums.prompt());
        row.put("cached_tokens", sums.cached());
        row.put("completion_tokens", sums.completion());
        row.put("cost_usd", Views.usd(sums.costNanos()));
        return row;
    }

    private static @Nullable Object shown(String name, Object value) {
        if (name.equals("day") && value instanceof Number day) {
            return LocalDate.ofEpochDay(day.longValue()).toString();
        }
        boolean none = name.equals("channel_id") && value instanceof Number id && id.longValue() == 0;
        return none ? null : value;
    }
}
