package dev.sluice.relay;

import dev.sluice.access.Caller;
import dev.sluice.channel.Channels;
import dev.sluice.channel.Choice;
import dev.sluice.channel.Route;
import dev.sluice.format.OpenAiUsage;
import dev.sluice.ledger.Tasks;
import dev.sluice.ledger.Tasks.Task;
import dev.sluice.quota.Prices;
import dev.sluice.quota.Tariff;
import dev.sluice.vendor.Failure;
import dev.sluice.vendor.Reply;
import dev.sluice.vendor.Upstream;
import dev.sluice.vendor.Way;
import dev.sluice.wire.Endpoint;
import dev.sluice.wire.Refusal;
import dev.sluice.wire.Refusal.Reason;
import dev.sluice.wire.Usage;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.time.Clock;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The doors of what a vendor keeps for hours, {@code /v1/files} and {@code /v1/batches}: a file goes to a channel that has
 * the model {@code files}, a batch to the channel that has its input, and each is looked at there by its owner alone. A
 * batch is booked once, when it is first seen to have ended; its results can be fetched only after that.
 */
@Component
final class FileCalls {
    private static final Logger log = LoggerFactory.getLogger(FileCalls.class);
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final Pattern PATH = Pattern.compile("/v1/(files|batches)(?:/([A-Za-z0-9_.-]{1,100}))?(/[a-z]+)?");
    private static final Set<String> ENDED = Set.of("completed", "failed", "expired", "cancelled");
    private static final int ANSWER_AT_MOST = 1024 * 1024;
    private static final int LIST_AT_MOST = 100;

    /** Vendors ask half for what may take a day. */
    private static final long BATCH_PERCENT = 50;

    private final Relay relay;
    private final Channels channels;
    private final Prices prices;
    private final Tasks tasks;
    private final RelaySettings settings;
    private final Clock clock;

    FileCalls(Relay relay, Channels channels, Prices prices, Tasks tasks, RelaySettings settings, Clock clock) {
        this.relay = relay;
        this.channels = channels;
        this.prices = prices;
        this.tasks = tasks;
        this.settings = settings;
        this.clock = clock;
    }

    static boolean serves(String path) {
        return path.matches("/v1/(files|batches)(/.*)?");
    }

    Mono<Void> serve(Visit visit, String path) {
        Matcher known = PATH.matcher(path);
        if (!known.matches()) {
            throw nothingHere();
        }
        Caller caller = relay.identify(visit);
        Endpoint endpoint = known.group(1).equals("files") ? Endpoint.FILES : Endpoint.BATCHES;
        String id = known.group(2);
        String part = known.group(3) == null ? "" : known.group(3);
        HttpMethod method = visit.request().method();
        boolean get = method.equals(HttpMethod.GET);
        boolean post = method.equals(HttpMethod.POST);
        if (id == null && part.isEmpty()) {
            if (get) {
                return list(visit, caller, endpoint);
            }
            if (!post) {
                throw notAllowed("GET and POST are");
            }
            return endpoint == Endpoint.FILES ? upload(visit, caller) : create(visit, caller);
        }
        if (id == null) {
            throw nothingHere();
        }
        if (endpoint == Endpoint.BATCHES) {
            if (part.equals("/cancel") && post || part.isEmpty() && get) {
                return batch(visit, caller, id, part, method);
            }
        } else if (part.equals("/content") && get || part.isEmpty() && (get || method.equals(HttpMethod.DELETE))) {
            return file(visit, caller, id, part, method);
        }
        throw part.isEmpty() || part.equals("/content") || part.equals("/cancel")
                ? notAllowed("another method is")
                : nothingHere();
    }

    private static Refusal nothingHere() {
        return new Refusal(Reason.UNKNOWN_URL, "There is nothing at this path.");
    }

    private static Refusal notAllowed(String what) {
        return new Refusal(Reason.METHOD_NOT_ALLOWED, "Only " + what + " served at this path.");
    }

    private static Refusal notFound() {
        return new Refusal(Reason.OBJECT_NOT_FOUND, "There is no such object of yours.");
    }

    private static Refusal unavailable(Throwable error) {
        log.warn("Files and batches cannot be looked up or kept: {}", error.toString());
        return new Refusal(
                Reason.UNAVAILABLE, "The gateway cannot look up objects just now.", null, Duration.ofSeconds(2));
    }

    private static Refusal unreachable(Throwable error) {
        return error instanceof Refusal refusal
                ? refusal
                : new Refusal(Reason.UPSTREAM_ERROR, "The object could not be reached.");
    }

    private static String kind(Endpoint endpoint) {
        return endpoint == Endpoint.FILES ? "file" : "batch";
    }

    // Made

    /** The body goes on as it comes, so that one channel is asked and no other. */
    private Mono<Void> upload(Visit visit, Caller caller) {
        String type = visit.headers().get("content-type", "");
        if (!type.startsWith("multipart/form-data")) {
            throw new Refusal(
                    Reason.INVALID_VALUE,
                    "The content type of this path is multipart/form-data.",
                    "content-type",
                    null);
        }
        Choice choice = choice(caller);
        long limit = settings.maxBody().toBytes();
        long length = length(visit);
        if (length > limit) {
            throw RequestBody.tooLarge((int) limit);
        }
        Way way = choice.upstream().way(Endpoint.FILES, "files", false);
        if (way == null) {
            throw notServed();
        }
        AtomicLong seen = new AtomicLong();
        Flux<ByteBuf> body = visit.request().receive().map(piece -> {
            if (seen.addAndGet(piece.readableBytes()) > limit) {
                throw RequestBody.tooLarge((int) limit);
            }
            return piece.retain();
        });
        return choice.upstream()
                .form(visit.loop(), way, body, length, type, new DefaultHttpHeaders())
                .flatMap(FileCalls::whole)
                .doOnNext(answer -> {
                    choice.succeeded();
                    choice.used(0);
                })
                .doOnError(error -> failed(choice, error))
                .doOnCancel(() -> choice.skipped(clock.millis(), new HashSet<>()))
                .onErrorMap(error -> !(error instanceof Refusal), FileCalls::unreachable)
                .flatMap(answer ->
                        made(visit, caller, Endpoint.FILES, choice.channel().id(), answer));
    }

    private void failed(Choice choice, Throwable error) {
        if (error instanceof Failure failure) {
            choice.failed(failure, clock.millis(), new HashSet<>());
        } else {
            choice.skipped(clock.millis(), new HashSet<>()); // the caller's own fault, or ours
        }
    }

    private static long length(Visit visit) {
        String length = visit.headers().get("content-length");
        return length == null || !length.matches("[0-9]{1,15}") ? -1 : Long.parseLong(length);
    }

    private static Refusal notServed() {
        return new Refusal(
                Reason.MODEL_NOT_FOUND, "No channel keeps files: one must have the model 'files'.", "model", null);
    }

    private Choice choice(Caller caller) {
        if (!caller.token().allows("files")) {
            throw new Refusal(Reason.MODEL_NOT_ALLOWED, "This token may not use 'files'.", "model", null);
        }
        Route route = channels.route(caller.group().name(), "files", Endpoint.FILES);
        if (route == null) {
            throw notServed();
        }
        Choice choice = route.choose(Set.of(), caller.pinnedChannel(), 0, null, clock.millis());
        if (choice == null) {
            throw new Refusal(
                    Reason.NO_AVAILABLE_CHANNEL, "No channel can take it just now.", null, Duration.ofSeconds(5));
        }
        return choice;
    }

    private Mono<Void> create(Visit visit, Caller caller) {
        if (Fallbacks.limited(caller)) {
            throw new Refusal(
                    Reason.INVALID_VALUE,
                    "A batch is paid when it has ended, and so cannot be made on a limited quota. Ask for a token and a user without one.");
        }
        return relay.body(visit).flatMap(body -> {
            JsonNode json = parse(body);
            String input = json == null ? "" : json.path("input_file_id").asString("");
            if (input.isEmpty()) {
                throw new Refusal(
                        Reason.MISSING_PARAMETER, "The body names no 'input_file_id'.", "input_file_id", null);
            }
            return found(visit, caller, "file", input)
                    .flatMap(file -> ask(visit, Endpoint.BATCHES, HttpMethod.POST, file.channelId(), "", body)
                            .flatMap(answer -> made(visit, caller, Endpoint.BATCHES, file.channelId(), answer)));
        });
    }

    /** Its owner is known before the caller knows its id. */
    private Mono<Void> made(Visit visit, Caller caller, Endpoint endpoint, long channelId, Answer answer) {
        String id = answer.json() == null || answer.status() >= 300
                ? ""
                : answer.json().path("id").asString("");
        return id.isEmpty()
                ? send(visit, answer)
                : keep(caller, kind(endpoint), id, channelId)
                        .publishOn(Schedulers.fromExecutor(visit.loop()))
                        .then(Mono.defer(() -> send(visit, answer)));
    }

    private Mono<Boolean> keep(Caller caller, String kind, String id, long channelId) {
        long user = caller.user().id();
        long token = caller.token().id();
        return tasks.add(new Task(kind, id, channelId, user, token, "", 0, clock.millis()))
                .onErrorMap(FileCalls::unavailable);
    }

    // Looked at

    private Mono<Task> found(Visit visit, Caller caller, String kind, String id) {
        return tasks.find(kind, List.of(id), caller.user().id())
                .onErrorMap(FileCalls::unavailable)
                .publishOn(Schedulers.fromExecutor(visit.loop()))
                .map(found -> {
                    if (found.isEmpty()) {
                        throw notFound();
                    }
                    return found.getFirst();
                });
    }

    private Mono<Void> file(Visit visit, Caller caller, String id, String part, HttpMethod method) {
        return found(visit, caller, "file", id).flatMap(file -> {
            if (!part.isEmpty()) {
                return upstream(file.channelId())
                        .relayed(visit.loop(), method, Endpoint.FILES, "/" + id + part, null)
                        .onErrorMap(FileCalls::unreachable)
                        .flatMap(reply -> Relay.passOn(visit, reply));
            }
            return ask(visit, Endpoint.FILES, method, file.channelId(), "/" + id, null)
                    .flatMap(answer -> {
                        boolean gone = method.equals(HttpMethod.DELETE) && answer.status() < 300;
                        return gone
                                ? tasks.forget(file)
                                        .onErrorMap(FileCalls::unavailable)
                                        .publishOn(Schedulers.fromExecutor(visit.loop()))
                                        .then(Mono.defer(() -> send(visit, answer)))
                                : send(visit, answer);
                    });
        });
    }

    private Mono<Void> batch(Visit visit, Caller caller, String id, String part, HttpMethod method) {
        return found(visit, caller, "batch", id)
                .flatMap(batch -> ask(visit, Endpoint.BATCHES, method, batch.channelId(), "/" + id + part, null)
                        .flatMap(answer ->
                                seen(visit, caller, batch, answer.json()).then(Mono.defer(() -> send(visit, answer)))));
    }

    /** A batch that has ended is booked, and only then are its results the caller's to fetch. */
    private Mono<Void> seen(Visit visit, Caller caller, Task batch, @Nullable JsonNode json) {
        if (json == null || !ENDED.contains(json.path("status").asString(""))) {
            return Mono.empty();
        }
        String model = json.path("model").asString("");
        Usage usage = json.path("usage").isObject() ? OpenAiUsage.of(json.path("usage"), false) : Usage.NONE;
        Mono<Boolean> booked = usage.empty()
                ? Mono.just(false)
                : tasks.charge(
                        batch,
                        model,
                        usage,
                        cost(caller, batch, model, usage),
                        clock.millis(),
                        visit.address().getHostAddress());
        Flux<Boolean> results = Flux.just("output_file_id", "error_file_id")
                .map(field -> json.path(field).asString(""))
                .filter(file -> !file.isEmpty())
                .concatMap(file -> keep(caller, "file", file, batch.channelId()));
        return booked.onErrorMap(FileCalls::unavailable)
                .thenMany(results)
                .publishOn(Schedulers.fromExecutor(visit.loop()))
                .then();
    }

    private long cost(Caller caller, Task batch, String model, Usage usage) {
        Tariff tariff = prices.find(model);
        if (tariff == null) {
            log.warn("A batch was booked without a price: model {}", Plain.text(model));
            return 0;
        }
        long channel = channels.priceFactorMillionths(batch.channelId()) * BATCH_PERCENT / 100;
        return tariff.cost(usage, caller.group().priceFactorMillionths(), channel);
    }

    /** The caller's own, newest first, each as its vendor tells it now. */
    private Mono<Void> list(Visit visit, Caller caller, Endpoint endpoint) {
        var query = new QueryStringDecoder(visit.request().uri()).parameters();
        List<String> limits = query.getOrDefault("limit", List.of("20"));
        List<String> afters = query.getOrDefault("after", List.of());
        if (!limits.getFirst().matches("[1-9][0-9]{0,5}")) {
            throw new Refusal(Reason.INVALID_VALUE, "'limit' is a number from 1 to 100.", "limit", null);
        }
        int limit = Math.min(LIST_AT_MOST, Integer.parseInt(limits.getFirst()));
        String kind = kind(endpoint);
        Mono<List<Task>> page = afters.isEmpty()
                ? tasks.newest(kind, caller.user().id(), null, limit + 1)
                : found(visit, caller, kind, afters.getFirst())
                        .flatMap(after -> tasks.newest(kind, caller.user().id(), after, limit + 1));
        return page.onErrorMap(error -> !(error instanceof Refusal), FileCalls::unavailable)
                .publishOn(Schedulers.fromExecutor(visit.loop()))
                .flatMap(found -> Flux.fromIterable(found.subList(0, Math.min(limit, found.size())))
                        .flatMapSequential(
                                task -> ask(visit, endpoint, HttpMethod.GET, task.channelId(), "/" + task.id(), null)
                                        .filter(answer -> answer.status() == 200 && answer.json() != null)
                                        .flatMap(answer -> (endpoint == Endpoint.BATCHES
                                                        ? seen(visit, caller, task, answer.json())
                                                        : Mono.<Void>empty())
                                                .thenReturn(answer))
                                        .onErrorResume(Refusal.class, gone -> Mono.empty()),
                                4)
                        .collectList()
                        .flatMap(answers -> send(visit, listed(answers, found.size() > limit))));
    }

    private static Answer listed(List<Answer> answers, boolean more) {
        ObjectNode list = JSON.createObjectNode().put("object", "list");
        ArrayNode data = list.putArray("data");
        answers.forEach(answer -> data.add(answer.json()));
        list.set("first_id", data.isEmpty() ? null : data.get(0).path("id"));
        list.set("last_id", data.isEmpty() ? null : data.get(data.size() - 1).path("id"));
        list.put("has_more", more);
        return new Answer(200, JSON.writeValueAsBytes(list), list);
    }

    // At the vendor

    /** @param json of the body; null: it is none */
    private record Answer(int status, byte[] body, @Nullable JsonNode json) {}

    private Upstream upstream(long channelId) {
        Upstream upstream = channels.upstream(channelId);
        if (upstream == null) {
            throw notFound();
        }
        return upstream;
    }

    private Mono<Answer> ask(
            Visit visit, Endpoint endpoint, HttpMethod method, long channelId, String path, byte @Nullable [] body) {
        return Mono.defer(() -> upstream(channelId)
                .relayed(visit.loop(), method, endpoint, path, body)
                .flatMap(FileCalls::whole)
                .onErrorMap(FileCalls::unreachable));
    }

    private static Mono<Answer> whole(Reply reply) {
        return RequestBody.upTo(reply.body(), ANSWER_AT_MOST)
                .onErrorMap(Refusal.class, large -> new Failure(Failure.Kind.NOT_THE_PROTOCOL, "too large"))
                .onErrorMap(Upstream::failure)
                .flatMap(bytes -> {
                    Failure failure = Failure.of(reply.status());
                    return failure == null
                            ? Mono.just(new Answer(reply.status(), bytes, parse(bytes)))
                            : Mono.error(failure);
                });
    }

    private static @Nullable JsonNode parse(byte[] body) {
        try {
            JsonNode json = JSON.readTree(body);
            return json != null && json.isObject() ? json : null;
        } catch (JacksonException notJson) {
            return null;
        }
    }

    private static Mono<Void> send(Visit visit, Answer answer) {
        return visit.response()
                .status(answer.status())
                .header("content-type", "application/json")
                .header("content-length", Integer.toString(answer.body().length))
                .send(Mono.just(Unpooled.wrappedBuffer(answer.body())))
                .then();
    }
}
