package dev.sluice.relay;

import dev.sluice.access.Caller;
import dev.sluice.channel.Channels;
import dev.sluice.channel.Choice;
import dev.sluice.ledger.Tasks;
import dev.sluice.ledger.Tasks.Task;
import dev.sluice.vendor.Failure;
import dev.sluice.vendor.Upstream;
import dev.sluice.wire.Ask;
import dev.sluice.wire.Refusal;
import dev.sluice.wire.Refusal.Reason;
import dev.sluice.wire.Usage;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpMethod;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
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
 * The doors of tasks, {@code /mj/**} and {@code /suno/**}: a task is given to a channel that is such a relay and paid per
 * call, looked at afterwards at the channel that has it, by its owner alone, and paid back once when it is seen to have
 * failed.
 */
@Component
final class TaskCalls {
    private static final Logger log = LoggerFactory.getLogger(TaskCalls.class);
    private static final JsonMapper JSON = JsonMapper.shared();

    /** Lists of tasks are the largest, at some 2 kB a task. */
    private static final int ANSWER_AT_MOST = 4 * 1024 * 1024;

    private static final int TASKS_AT_ONCE = 500;

    private final Relay relay;
    private final Attempts attempts;
    private final Channels channels;
    private final Tasks tasks;
    private final RelaySettings settings;
    private final Clock clock;

    TaskCalls(Relay relay, Attempts attempts, Channels channels, Tasks tasks, RelaySettings settings, Clock clock) {
        this.relay = relay;
        this.attempts = attempts;
        this.channels = channels;
        this.tasks = tasks;
        this.settings = settings;
        this.clock = clock;
    }

    /** @param json of the body; null: it is none */
    private record Answer(int status, byte[] body, @Nullable JsonNode json) {}

    static boolean serves(String uri) {
        return TaskForm.of(uri) != null;
    }

    /** In the words of these relays and in OpenAI's, since their clients look at either. */
    static byte[] error(Refusal refusal) {
        Map<String, @Nullable Object> error = new LinkedHashMap<>();
        error.put("message", refusal.getMessage());
        error.put("type", refusal.reason().type);
        error.put("param", refusal.param());
        error.put("code", refusal.reason().code);
        Map<String, @Nullable Object> answer = new LinkedHashMap<>();
        answer.put("code", refusal.reason().code);
        answer.put("message", refusal.getMessage());
        answer.put("description", refusal.getMessage());
        answer.put("type", refusal.reason().type);
        answer.put("data", null);
        answer.put("error", error);
        return JSON.writeValueAsBytes(answer);
    }

    Mono<Void> serve(Visit visit) {
        String path = visit.request().uri().replaceFirst("\\?.*", "");
        TaskForm form = TaskForm.of(path);
        if (form == null) {
            throw nothingHere();
        }
        String rest = form.rest(path);
        HttpMethod method = visit.request().method();
        if (method.equals(HttpMethod.GET)) {
            String id = form.fetched(rest);
            if (id == null) {
                throw nothingHere();
            }
            return fetch(visit, form, id, rest);
        }
        if (!method.equals(HttpMethod.POST)) {
            throw new Refusal(Reason.METHOD_NOT_ALLOWED, "Only GET and POST are served at this path.");
        }
        if (form.lists(rest)) {
            Caller caller = relay.identify(visit);
            return relay.body(visit).flatMap(body -> list(visit, caller, form, rest, read(body)));
        }
        if (!form.submits(rest)) {
            throw nothingHere();
        }
        Call call = relay.open(visit, form.endpoint());
        return relay.body(visit)
                .flatMap(body -> Contained.step(() -> submit(call, form, path, rest, body)))
                .doOnError(error -> Relay.failed(call, error))
                .doFinally(signal -> call.left(clock.millis()));
    }

    private static Refusal nothingHere() {
        return new Refusal(Reason.UNKNOWN_URL, "There is nothing at this path.");
    }

    private static Refusal noSuchTask() {
        return new Refusal(Reason.TASK_NOT_FOUND, "There is no such task of yours.");
    }

    private static JsonNode read(byte[] body) {
        JsonNode json = parse(body);
        if (json == null || !json.isObject()) {
            throw new Refusal(Reason.INVALID_JSON, "The body is not a JSON object in UTF-8.");
        }
        return json;
    }

    private static @Nullable JsonNode parse(byte[] body) {
        try {
            return JSON.readTree(body);
        } catch (JacksonException notJson) {
            return null;
        }
    }

    // A new task

    private Mono<Void> submit(Call call, TaskForm form, String path, String rest, byte[] body) {
        JsonNode json = read(body);
        Ask ask = Ask.named(form.endpoint(), form.model(rest, json));
        String parent = form.parent(json);
        Mono<Void> known = parent == null
                ? Mono.empty()
                : find(call.visit(), form, List.of(parent), call.caller())
                        .doOnNext(found -> {
                            if (found.isEmpty()) {
                                throw noSuchTask();
                            }
                            call.follows(found.getFirst().channelId());
                        })
                        .then();
        return known.then(Mono.defer(() -> relay.admit(call, ask, () -> attempt(call, form, path, body))));
    }

    private Mono<List<Task>> find(Visit visit, TaskForm form, List<String> ids, Caller caller) {
        return tasks.find(form.kind(), ids, caller.user().id())
                .onErrorMap(TaskCalls::unavailable)
                .publishOn(Schedulers.fromExecutor(visit.loop()));
    }

    private static Refusal unavailable(Throwable error) {
        log.warn("Tasks cannot be looked up or kept: {}", error.toString());
        return new Refusal(
                Reason.UNAVAILABLE, "The gateway cannot look up tasks just now.", null, Duration.ofSeconds(2));
    }

    private Mono<Void> attempt(Call call, TaskForm form, String path, byte[] body) {
        return Mono.defer(() -> {
            Choice choice = attempts.choose(call);
            return ask(choice.upstream(), call.visit(), HttpMethod.POST, form, path, body)
                    .flatMap(answer -> judged(call, form, choice, answer))
                    .onErrorResume(Failure.class, failure -> {
                        Refusal last = attempts.noted(call, choice, failure);
                        return last == null ? attempt(call, form, path, body) : Mono.error(last);
                    });
        });
    }

    private static Mono<Answer> ask(
            Upstream upstream, Visit visit, HttpMethod method, TaskForm form, String path, byte @Nullable [] body) {
        return upstream.relayed(visit.loop(), method, form.endpoint(), form.beyond(path), body)
                .flatMap(reply -> RequestBody.upTo(reply.body(), ANSWER_AT_MOST)
                        .onErrorMap(Refusal.class, large -> new Failure(Failure.Kind.NOT_THE_PROTOCOL, "too large"))
                        .onErrorMap(Upstream::failure)
                        .flatMap(bytes -> {
                            Failure failure = Failure.of(reply.status());
                            return failure == null
                                    ? Mono.just(new Answer(reply.status(), bytes, parse(bytes)))
                                    : Mono.error(failure);
                        }));
    }

    private Mono<Void> judged(Call call, TaskForm form, Choice choice, Answer answer) {
        JsonNode json = answer.json();
        if (json == null || !json.isObject()) {
            return Mono.error(new Failure(Failure.Kind.NOT_THE_PROTOCOL, "the answer is not JSON"));
        }
        if (form.full(json)) {
            return Mono.error(new Failure(Failure.Kind.RATE_LIMITED, "its queue is full"));
        }
        choice.answered();
        String id = answer.status() < 300 ? form.accepted(json) : null;
        if (id == null) {
            choice.succeeded();
            call.failed(answer.status(), "upstream_refused");
            return send(call.visit(), answer.status(), answer.body());
        }
        call.answeredBy((prompt, generates) -> Usage.NONE);
        Task task = new Task(
                form.kind(),
                id,
                choice.channel().id(),
                call.caller().user().id(),
                call.caller().token().id(),
                call.ask().model(),
                call.price(),
                clock.millis());
        return tasks.add(task)
                .onErrorMap(TaskCalls::unavailable)
                .publishOn(Schedulers.fromExecutor(call.visit().loop()))
                .flatMap(fresh -> fresh ? Mono.just(true) : known(call, form, task))
                .flatMap(fresh -> {
                    call.begin();
                    if (!fresh) {
                        call.free();
                    }
                    call.completed(answer.status());
                    return send(call.visit(), answer.status(), answer.body());
                });
    }

    /** The vendor says that it has the task already: it was paid, if it is the caller's. */
    private Mono<Boolean> known(Call call, TaskForm form, Task task) {
        return find(call.visit(), form, List.of(task.id()), call.caller()).map(found -> {
            if (found.isEmpty()) {
                throw noSuchTask();
            }
            return false;
        });
    }

    // Those there are

    private Mono<Void> fetch(Visit visit, TaskForm form, String id, String rest) {
        Caller caller = relay.identify(visit);
        return find(visit, form, List.of(id), caller).flatMap(found -> {
            if (found.isEmpty()) {
                return Mono.error(noSuchTask());
            }
            return look(visit, form, HttpMethod.GET, found.getFirst().channelId(), "/" + rest, null)
                    .flatMap(answer -> refunded(visit, form, found, answer)
                            .then(Mono.defer(() -> send(visit, answer.status(), answer.body()))));
        });
    }

    private Mono<Answer> look(
            Visit visit, TaskForm form, HttpMethod method, long channelId, String path, byte @Nullable [] body) {
        Upstream upstream = channels.upstream(channelId);
        if (upstream == null) {
            return Mono.error(noSuchTask());
        }
        return ask(upstream, visit, method, form, form.root() + path, body)
                .onErrorMap(
                        Failure.class, error -> new Refusal(Reason.UPSTREAM_ERROR, "The task could not be looked at."));
    }

    /** The caller's own among those that are asked for, from all channels that have some. */
    private Mono<Void> list(Visit visit, Caller caller, TaskForm form, String rest, JsonNode json) {
        List<String> ids = new ArrayList<>();
        json.path("ids").forEach(id -> ids.add(id.asString("")));
        if (ids.size() > TASKS_AT_ONCE) {
            throw new Refusal(Reason.INVALID_VALUE, "'ids' has more than " + TASKS_AT_ONCE + " entries.", "ids", null);
        }
        return find(visit, form, ids, caller).flatMap(found -> {
            Map<Long, List<Task>> byChannel = found.stream().collect(Collectors.groupingBy(Task::channelId));
            return Flux.fromIterable(byChannel.entrySet())
                    .concatMap(each -> {
                        ObjectNode question = JSON.createObjectNode();
                        json.properties().forEach(field -> question.set(field.getKey(), field.getValue()));
                        ArrayNode theirs = question.putArray("ids");
                        each.getValue().forEach(task -> theirs.add(task.id()));
                        byte[] body = JSON.writeValueAsBytes(question);
                        return look(visit, form, HttpMethod.POST, each.getKey(), "/" + rest, body)
                                .flatMap(answer -> refunded(visit, form, each.getValue(), answer)
                                        .thenReturn(answer));
                    })
                    .collectList()
                    .flatMap(answers -> {
                        ArrayNode all = JSON.createArrayNode();
                        answers.forEach(answer -> form.tasks(answer.json()).forEach(all::add));
                        return send(visit, 200, JSON.writeValueAsBytes(form.list(all)));
                    });
        });
    }

    /** Before the caller hears of it. A database that is away is asked again at the next look. */
    private Mono<Void> refunded(Visit visit, TaskForm form, List<Task> known, Answer answer) {
        Map<String, Task> byId = known.stream().collect(Collectors.toMap(Task::id, task -> task, (one, other) -> one));
        List<Task> failed = new ArrayList<>();
        for (JsonNode each : form.tasks(answer.json())) {
            Task task = byId.get(form.id(each));
            if (task != null && form.failed(each)) {
                failed.add(task);
            }
        }
        return Flux.fromIterable(failed)
                .concatMap(task -> tasks.refund(
                                task, clock.millis(), visit.address().getHostAddress())
                        .onErrorResume(error -> {
                            log.warn("A task could not be paid back yet: {}", error.toString());
                            return Mono.empty();
                        }))
                .publishOn(Schedulers.fromExecutor(visit.loop()))
                .then();
    }

    private static Mono<Void> send(Visit visit, int status, byte[] json) {
        return visit.response()
                .status(status)
                .header("content-type", "application/json")
                .header("content-length", Integer.toString(json.length))
                .send(Mono.just(Unpooled.wrappedBuffer(json)))
                .then();
    }
}
