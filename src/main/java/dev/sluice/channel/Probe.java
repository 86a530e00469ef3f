package dev.sluice.channel;

import dev.sluice.format.AnswerReader;
import dev.sluice.format.Format;
import dev.sluice.format.Frames;
import dev.sluice.format.Piece;
import dev.sluice.format.Question;
import dev.sluice.vendor.CatalogEntry;
import dev.sluice.vendor.Failure;
import dev.sluice.vendor.Reply;
import dev.sluice.vendor.Upstream;
import dev.sluice.vendor.Vendors;
import dev.sluice.vendor.Way;
import dev.sluice.wire.Ask;
import dev.sluice.wire.Endpoint;
import dev.sluice.wire.Glob;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import java.io.ByteArrayOutputStream;
import java.math.BigDecimal;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Tries a channel for its operator: a smallest possible call, or a look at the vendor's list of models. Nothing of it is metered. */
@Component
public final class Probe {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int LONGEST_ANSWER = 8 * 1024 * 1024;
    private static final int LONGEST_ERROR = 300;

    /** The longest lists have some thousand names. */
    private static final int MOST_PAGES = 20;

    /** Of what is shown: enough to see that a model speaks. */
    private static final int LONGEST_WORDS = 200;

    private static final Pattern ANSWERS = Pattern.compile("\"(choices|content|candidates|delta|output)\"");

    private final Channels channels;
    private final Vendors vendors;

    Probe(Channels channels, Vendors vendors) {
        this.channels = channels;
        this.vendors = vendors;
    }

    /**
     * What became of a test call. Times in milliseconds.
     *
     * @param status the vendor's; null: there was no answer
     * @param ttftMs until the first byte of the answer's body
     * @param error what went wrong, in the vendor's words where it had some; null: nothing
     * @param answer the first 200 characters of what the model said; null: no words
     */
    public record Result(
            boolean ok,
            String model,
            @Nullable Integer status,
            long latencyMs,
            @Nullable Long ttftMs,
            @Nullable String error,
            @Nullable String answer) {
        private static Result failed(String model, long latencyMs, String error) {
            return new Result(false, model, null, latencyMs, null, error, null);
        }
    }

    /** A call made, and how to read what comes back. */
    private record Made(Reply reply, Format format, List<String> quirks, boolean stream) {}

    /** @param model as the caller would name it; null: the channel's first */
    public Mono<Result> test(Channel channel, @Nullable String model, boolean stream) {
        String asked = model == null ? firstModel(channel) : model;
        if (asked == null) {
            return Mono.just(Result.failed("", 0, "name a model: the channel's own are all patterns"));
        }
        long started = System.nanoTime();
        return Mono.fromSupplier(() -> channels.upstream(channel))
                .flatMap(upstream -> send(upstream, channel.upstreamModel(asked), stream))
                .flatMap(made -> judged(made, asked, started))
                .timeout(PATIENCE)
                .onErrorResume(error -> Mono.just(Result.failed(asked, millisSince(started), reason(error))));
    }

    private static Mono<Made> send(Upstream upstream, String model, boolean stream) {
        String json = JSON.createObjectNode()
                .put("model", model)
                .put("stream", stream)
                .put("max_tokens", 16)
                .set(
                        "messages",
                        JSON.createArrayNode()
                                .add(JSON.createObjectNode().put("role", "user").put("content", "Hi")))
                .toString();
        Ask ask = Ask.read(Endpoint.CHAT, json.getBytes(StandardCharsets.UTF_8));
        Way way = upstream.way(Endpoint.CHAT, model, stream);
        if (way == null) {
            return Mono.error(new Failure(Failure.Kind.NOT_THE_PROTOCOL, "the vendor has no chat"));
        }
        Format theirs = way.format() == null ? Format.CHAT : way.format();
        byte[] body = ask.forVendor(model, false);
        if (theirs != Format.CHAT) {
            Question question = Format.CHAT.read(body, stream);
            body = theirs.write(question, theirs.names(question), model, upstream.quirks());
        }
        return upstream.post(null, way, body, EmptyHttpHeaders.INSTANCE)
                .map(reply -> new Made(reply, theirs, upstream.quirks(), stream));
    }

    private static Mono<Result> judged(Made made, String model, long started) {
        Reply reply = made.reply;
        AtomicLong first = new AtomicLong(-1);
        Flux<ByteBuf> body = reply.body().doOnNext(piece -> first.compareAndSet(-1, millisSince(started)));
        return bytes(body).map(bytes -> {
            String text = new String(bytes, StandardCharsets.UTF_8);
            boolean ok = reply.status() / 100 == 2 && answered(text, reply.contentType());
            Long ttft = first.get() < 0 ? null : first.get();
            return new Result(
                    ok,
                    model,
                    reply.status(),
                    millisSince(started),
                    ttft,
                    ok ? null : said(text, reply),
                    ok ? words(made, bytes) : null);
        });
    }

    private static @Nullable String words(Made made, byte[] answer) {
        StringBuilder words = new StringBuilder();
        Consumer<Piece> take = piece -> {
            if (piece instanceof Piece.Text said) {
                words.append(said.text());
            }
        };
        AnswerReader reader = made.format.reader(made.quirks);
        try {
            if (made.stream && !made.reply.contentType().contains("application/json")) {
                Frames frames = made.format.frames();
                Frames.Taker events = (name, data, from, to) -> reader.event(name, data, from, to, take);
                frames.accept(answer, answer.length, events);
                frames.end(events);
            } else {
                reader.whole(answer, take);
            }
        } catch (JacksonException | IllegalArgumentException e) {
            return null; // it answered, in a manner of its own
        }
        int[] first = words.codePoints().limit(LONGEST_WORDS).toArray();
        return first.length == 0 ? null : new String(first, 0, first.length);
    }

    /** Whether there is something of an answer, in any form: choices, content blocks, candidates, an output. */
    private static boolean answered(String text, String type) {
        boolean whole = text.stripLeading().startsWith("{") || type.contains("event");
        return whole && ANSWERS.matcher(text).find();
    }

    /** The vendor's own message where it is one, else what kind of answer it was. */
    private static String said(String text, Reply reply) {
        try {
            JsonNode error = JSON.readTree(text).path("error");
            String message =
                    error.isString() ? error.asString() : error.path("message").asString("");
            if (!message.isEmpty()) {
                return message.length() > LONGEST_ERROR ? message.substring(0, LONGEST_ERROR) + "…" : message;
            }
        } catch (JacksonException e) {
            // not JSON: then the status and the type have to do
        }
        return "status " + reply.status() + " with "
                + (reply.contentType().isEmpty() ? "no content type" : reply.contentType());
    }

    /** The models that the vendor lists; errors with a {@link Failure} when it does not. Of many lists one is enough. */
    public Mono<List<String>> models(Channel channel) {
        return Mono.fromSupplier(() -> channels.upstream(channel))
                .flatMap(upstream -> {
                    List<Throwable> failures = new ArrayList<>();
                    return Flux.fromIterable(upstream.modelLists())
                            .concatMap(list -> pages(upstream, list).onErrorResume(error -> {
                                failures.add(error);
                                return Flux.empty();
                            }))
                            .collectList()
                            .filter(names -> !names.isEmpty() || failures.isEmpty() && upstream.listsModels())
                            .switchIfEmpty(Mono.error(() -> none(failures)));
                })
                .timeout(PATIENCE)
                .onErrorMap(
                        error -> error instanceof Failure ? error : new Failure(Failure.Kind.NETWORK, reason(error)));
    }

    private static Throwable none(List<Throwable> failures) {
        return failures.isEmpty()
                ? new Failure(Failure.Kind.NOT_THE_PROTOCOL, "the vendor has no list of models")
                : failures.getFirst();
    }

    /** A list may come in pages, as Google's do. */
    private static Flux<String> pages(Upstream upstream, String list) {
        return page(upstream, list)
                .expand(page -> page.next.isEmpty()
                        ? Mono.empty()
                        : page(upstream, list + "&pageToken=" + URLEncoder.encode(page.next, StandardCharsets.UTF_8)))
                .take(MOST_PAGES)
                .concatMapIterable(Names::names);
    }

    private static Mono<Names> page(Upstream upstream, String url) {
        return upstream.models(url).flatMap(reply -> text(reply.body()).map(text -> names(reply, text)));
    }

    /** @param next how its next page is asked for; empty: it has none */
    private record Names(List<String> names, String next) {}

    /** What is left of an account, in a currency. */
    public record Balance(BigDecimal balance, String currency) {}

    /** What the vendor says is left; errors with a {@link Failure} when it does not. */
    public Mono<Balance> balance(Channel channel) {
        return Mono.fromSupplier(() -> channels.upstream(channel))
                .flatMap(upstream -> upstream.balance()
                        .flatMap(reply -> text(reply.body()).map(text -> left(upstream.balanceForm(), reply, text))))
                .timeout(PATIENCE)
                .onErrorMap(
                        error -> error instanceof Failure ? error : new Failure(Failure.Kind.NETWORK, reason(error)));
    }

    private static Balance left(CatalogEntry.@Nullable Balance form, Reply reply, String text) {
        if (form == null || reply.status() / 100 != 2) {
            throw new Failure(Failure.Kind.SERVER_ERROR, said(text, reply));
        }
        try {
            JsonNode answer = JSON.readTree(text);
            BigDecimal left = new BigDecimal(answer.at(form.left()).asString());
            String used = form.used();
            if (used != null) {
                left = left.subtract(new BigDecimal(answer.at(used).asString()));
            }
            String currency = form.currency();
            return new Balance(
                    left, currency.startsWith("/") ? answer.at(currency).asString("") : currency);
        } catch (JacksonException | NumberFormatException e) {
            throw new Failure(Failure.Kind.NOT_THE_PROTOCOL, "the answer tells no balance");
        }
    }

    /**
     * {@code {"data":[{"id":…}]}}, the bare array that some vendors send, {@code {"models":[{"name":…}]}}, or of Vertex
     * {@code {"publisherModels":[{"name":"publishers/google/models/…"}]}}.
     */
    private static Names names(Reply reply, String text) {
        if (reply.status() / 100 != 2) {
            throw new Failure(Failure.Kind.SERVER_ERROR, said(text, reply));
        }
        try {
            JsonNode answer = JSON.readTree(text);
            List<String> names = new ArrayList<>();
            JsonNode list = answer.isArray() ? answer : answer.path("data");
            for (String field : new String[] {"models", "modelSummaries", "publisherModels"}) {
                list = answer.has(field) ? answer.path(field) : list;
            }
            for (JsonNode model : list) {
                String name = model.path("name").asString("").replaceFirst("^(publishers/[^/]+/)?models/", "");
                String id = model.path("id").asString(model.path("modelId").asString(name));
                // Vertex asks for dated models by name and date.
                String version = model.path("versionId").asString("");
                if (!id.isEmpty()) {
                    names.add(version.matches("[0-9]{8}") && !id.contains("@") ? id + "@" + version : id);
                }
            }
            return new Names(names, answer.path("nextPageToken").asString(""));
        } catch (JacksonException e) {
            throw new Failure(Failure.Kind.NOT_THE_PROTOCOL, "the list of models is not JSON");
        }
    }

    private @Nullable String firstModel(Channel channel) {
        for (Glob glob : channel.models()) {
            if (glob.exact()) {
                return glob.pattern();
            }
        }
        var entry = vendors.find(channel.vendor());
        return entry == null
                ? null
                : entry.models().stream()
                        .filter(name -> channel.models().stream().anyMatch(glob -> glob.matches(name)))
                        .findFirst()
                        .orElse(null);
    }

    private static Mono<String> text(Flux<ByteBuf> body) {
        return bytes(body).map(bytes -> new String(bytes, StandardCharsets.UTF_8));
    }

    private static Mono<byte[]> bytes(Flux<ByteBuf> body) {
        return body.collect(ByteArrayOutputStream::new, Probe::collect).map(ByteArrayOutputStream::toByteArray);
    }

    private static void collect(ByteArrayOutputStream bytes, ByteBuf piece) {
        if (bytes.size() + piece.readableBytes() > LONGEST_ANSWER) {
            throw new Failure(Failure.Kind.NOT_THE_PROTOCOL, "the answer is too long");
        }
        byte[] copy = new byte[piece.readableBytes()];
        piece.getBytes(piece.readerIndex(), copy);
        bytes.writeBytes(copy);
    }

    private static String reason(Throwable error) {
        return switch (Upstream.failure(error)) {
            case Failure failure -> String.valueOf(failure.getMessage());
            case java.util.concurrent.TimeoutException late -> "no answer in time";
            case IllegalArgumentException wrong -> String.valueOf(wrong.getMessage());
            default -> "the call failed";
        };
    }

    private static long millisSince(long nanos) {
        return (System.nanoTime() - nanos) / 1_000_000;
    }
}
