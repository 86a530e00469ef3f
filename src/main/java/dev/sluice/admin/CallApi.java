package dev.sluice.admin;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sluice.access.Operator;
import dev.sluice.database.Where;
import dev.sluice.ledger.CallTable;
import dev.sluice.ledger.Entry;
import dev.sluice.wire.CallId;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.util.MultiValueMap;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** {@code /api/calls}: the ledger, read only. */
@RestController
@RequestMapping("/api/calls")
@Tag(name = "calls", description = "The ledger: one row a call, whatever its end")
final class CallApi {
    private static final String[] FILTERS = {
        "user_id", "token_id", "channel_id", "model", "status", "endpoint", "stream", "error_code", "from", "to"
    };

    /** What rows are found by: of several the first, the others sift. */
    private static final List<String> KEYS = List.of("token_id", "user_id", "channel_id");

    /** What no index knows: rows are looked through for them. */
    private static final Set<String> SIFTING = Set.of("model", "status", "endpoint", "stream", "error_code");

    /** Rows that one page looks through: some 50 ms on two cores. Most filters find a page among fewer. */
    private static final int LOOKED_THROUGH = 20_000;

    /** The same of rows that are found by a key: they lie apart. */
    private static final int LOOKED_THROUGH_BY_KEY = 4_000;

    private final CallTable calls;

    CallApi(CallTable calls) {
        this.calls = calls;
    }

    /** One attempt that came to nothing. */
    @Schema(name = "FailedAttempt")
    record FailedAttempt(
            @JsonProperty("channel_id") long channelId,

            @Schema(
                    allowableValues = {
                        "network",
                        "timeout",
                        "rate_limited",
                        "key_refused",
                        "server_error",
                        "not_the_protocol"
                    })
            String reason) {

        static List<FailedAttempt> all(@Nullable String notes) {
            return notes == null
                    ? List.of()
                    : Arrays.stream(notes.split(",")).map(FailedAttempt::of).toList();
        }

        private static FailedAttempt of(String note) {
            int colon = note.indexOf(':');
            return new FailedAttempt(Long.parseLong(note.substring(0, colon)), note.substring(colon + 1));
        }
    }

    /** A call as the API shows it. */
    @Schema(name = "Call")
    record View(
            @Schema(description = "What the caller got as x-request-id; sorts by time")
            String id,

            Instant at,
            String endpoint,
            String model,
            @JsonProperty("upstream_model") @Nullable String upstreamModel,
            boolean stream,
            @JsonProperty("user_id") long userId,
            @JsonProperty("token_id") long tokenId,
            @JsonProperty("channel_id") @Nullable Long channelId,

            @Schema(description = "What the caller got; 499: it left")
            int status,

            @JsonProperty("error_code") @Nullable String errorCode,
            @JsonProperty("prompt_tokens") long promptTokens,
            @JsonProperty("cached_tokens") long cachedTokens,
            @JsonProperty("cache_write_tokens") long cacheWriteTokens,
            @JsonProperty("completion_tokens") long completionTokens,
            @JsonProperty("reasoning_tokens") long reasoningTokens,

            @Schema(description = "Counted by the gateway, since the vendor sent no usage")
            boolean estimated,

            @JsonProperty("cost_usd") BigDecimal costUsd,

            @Schema(description = "The price used, dollars per million tokens") @Nullable
            String price,

            @JsonProperty("duration_ms") long durationMs,
            @JsonProperty("ttft_ms") @Nullable Long ttftMs,
            int attempts,

            @Schema(description = "Those that came to nothing, in order, and why another channel or key was tried")
            @JsonProperty("failed_attempts")
            List<FailedAttempt> failedAttempts,

            @JsonProperty("client_ip") String clientIp) {

        static View of(Entry entry) {
            return new View(
                    entry.id(),
                    Views.time(entry.startedAt()),
                    entry.endpoint(),
                    entry.model(),
                    entry.upstreamModel(),
                    entry.stream(),
                    entry.userId(),
                    entry.tokenId(),
                    entry.channelId(),
                    entry.status(),
                    entry.errorCode(),
                    entry.usage().prompt(),
                    entry.usage().cached(),
                    entry.usage().cacheWrite(),
                    entry.usage().completion(),
                    entry.usage().reasoning(),
                    entry.usage().estimated(),
                    Views.usd(entry.costNanos()),
                    entry.price(),
                    entry.durationMs(),
                    entry.ttftMs(),
                    entry.attempts(),
                    FailedAttempt.all(entry.failedAttempts()),
                    entry.clientIp());
        }
    }

    @GetMapping(produces = MediaType.APPLICATION_JSON_VALUE)
    @Listed({"user_id", "token_id", "channel_id", "model", "status", "endpoint", "stream", "error_code", "from", "to"})
    @Operation(
            summary =
                    "Calls, newest first. Filters: user_id, token_id, channel_id, model (with *), status, endpoint, stream,"
                            + " error_code, from, to. With filters a page may hold fewer than limit while there is a next."
                            + " Accept: text/csv exports them all")
    Mono<Page.Of<View>> list(
            @AuthenticationPrincipal Operator operator,
            @Parameter(hidden = true) @RequestParam MultiValueMap<String, String> query) {
        Page page = Page.of(query, FILTERS);
        Where all = where(page, operator).below("id", page.after());
        List<String> keys = keys(query, operator);
        String key = keys.isEmpty() ? null : keys.getFirst();
        if (keys.size() < 2 && SIFTING.stream().noneMatch(query::containsKey)) {
            return page(page, all, key);
        }
        Where found = time(page, new Where()).below("id", page.after());
        if (key != null) {
            Long id = page.number(key);
            found.equal(key, id == null ? Long.valueOf(operator.user().id()) : id);
        }
        return calls.rest(found, key, key == null ? LOOKED_THROUGH : LOOKED_THROUGH_BY_KEY)
                .map(Optional::of)
                .defaultIfEmpty(Optional.empty())
                .flatMap(rest ->
                        page(page, all.atLeast("id", rest.orElse(null)), key).map(sifted -> goesOn(sifted, rest)));
    }

    private static List<String> keys(MultiValueMap<String, String> query, Operator operator) {
        return KEYS.stream()
                .filter(key -> query.containsKey(key)
                        || key.equals("user_id") && !operator.role().administers())
                .toList();
    }

    private Mono<Page.Of<View>> page(Page page, Where where, @Nullable String key) {
        return page.of(calls.list(where, key, page.limit() + 1), Entry::id, View::of);
    }

    /** When a page is not full, the next goes on where it rested. */
    private static Page.Of<View> goesOn(Page.Of<View> page, Optional<String> rest) {
        return page.nextCursor() == null && rest.isPresent()
                ? new Page.Of<>(page.data(), Page.encoded(rest.get()))
                : page;
    }

    @GetMapping(produces = "text/csv")
    @Operation(hidden = true)
    ResponseEntity<Flux<String>> export(
            @AuthenticationPrincipal Operator operator,
            @Parameter(hidden = true) @RequestParam MultiValueMap<String, String> query) {
        Page page = Page.of(query, FILTERS);
        where(page, operator); // what is wrong is said before the first line
        List<String> keys = keys(query, operator);
        Flux<String> lines = calls.export(() -> where(page, operator), keys.isEmpty() ? null : keys.getFirst())
                .map(Csv::lines);
        return ResponseEntity.ok()
                .contentType(MediaType.parseMediaType("text/csv;charset=UTF-8"))
                .header("Content-Disposition", "attachment; filename=\"calls.csv\"")
                .body(Flux.concat(Flux.just(Csv.HEAD), lines));
    }

    @GetMapping(path = "/{id}", produces = MediaType.APPLICATION_JSON_VALUE)
    @Operation(summary = "One call")
    Mono<View> get(@AuthenticationPrincipal Operator operator, @PathVariable String id) {
        // An id that cannot be one is not looked for: MySQL would not compare it with a column of plain ASCII.
        return (id.matches("[0-9A-Za-z]{1,26}") ? calls.find(id) : Mono.<Entry>empty())
                .filter(entry -> operator.role().administers() || operator.owns(entry.userId()))
                .map(View::of)
                .switchIfEmpty(Mono.error(() -> new Problems.NotFound("There is no such call.")));
    }

    private static Where where(Page page, Operator operator) {
        Long user = operator.role().administers()
                ? page.number("user_id")
                : Long.valueOf(operator.user().id());
        Long asked = page.number("user_id");
        Where where = new Where()
                .equal("user_id", user)
                .equal("token_id", page.number("token_id"))
                .equal("channel_id", page.number("channel_id"))
                .equal("status", page.number("status"))
                .equal("endpoint", page.text("endpoint"))
                .equal("stream", page.flag("stream"))
                .equal("error_code", page.text("error_code"))
                .like("model", page.text("model"));
        if (asked != null && !asked.equals(user)) {
            where.equal("user_id", asked); // somebody else's: there are none to see
        }
        return time(page, where);
    }

    private static Where time(Page page, Where where) {
        Long from = page.from("from");
        Long to = page.to("to");
        return where.atLeast("id", from == null ? null : CallId.floor(from))
                .below("id", to == null ? null : CallId.floor(to));
    }

    /** The ledger as RFC 4180 text, safe to open in a spreadsheet. */
    private static final class Csv {
        static final String HEAD =
                Arrays.stream(View.class.getRecordComponents()).map(Csv::name).collect(Collectors.joining(","))
                        + "\r\n";

        private static String name(java.lang.reflect.RecordComponent component) {
            JsonProperty name = component.getAccessor().getAnnotation(JsonProperty.class);
            return name == null ? component.getName() : name.value();
        }

        /** A page at once: a chunk of its own for each row would cost more than the row. */
        static String lines(List<Entry> page) {
            return page.stream().map(Csv::line).collect(Collectors.joining());
        }

        private static String line(Entry entry) {
            View call = View.of(entry);
            return Arrays.asList(
                                    call.id,
                                    call.at,
                                    call.endpoint,
                                    call.model,
                                    call.upstreamModel,
                                    call.stream,
                                    call.userId,
                                    call.tokenId,
                                    call.channelId,
                                    call.status,
                                    call.errorCode,
                                    call.promptTokens,
                                    call.cachedTokens,
                                    call.cacheWriteTokens,
                                    call.completionTokens,
                                    call.reasoningTokens,
                                    call.estimated,
                                    call.costUsd.toPlainString(),
                                    call.price,
                                    call.durationMs,
                                    call.ttftMs,
                                    call.attempts,
                                    entry.failedAttempts(),
                                    call.clientIp)
                            .stream()
                            .map(Csv::cell)
                            .collect(Collectors.joining(","))
                    + "\r\n";
        }

        /** A text that begins like a formula is no formula: an apostrophe goes before it. */
        private static String cell(@Nullable Object value) {
            if (value == null) {
                return "";
            }
            String text = value.toString();
            if (value instanceof String && !text.isEmpty() && "=+-@\t\r".indexOf(text.charAt(0)) >= 0) {
                text = "'" + text;
            }
            boolean quote = text.chars().anyMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
            return quote ? "\"" + text.replace("\"", "\"\"") + "\"" : text;
        }
    }
}
