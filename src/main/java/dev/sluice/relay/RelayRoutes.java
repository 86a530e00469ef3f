package dev.sluice.relay;

import dev.sluice.wire.Endpoint;
import dev.sluice.wire.Refusal;
import dev.sluice.wire.Refusal.Reason;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.reactivestreams.Publisher;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.reactor.netty.NettyRouteProvider;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;
import reactor.netty.http.server.HttpServerRoutes;

/**
 * The doors of the relay: {@code /v1/**} and {@code /v1beta/**} are served here, straight on the HTTP server, beside the WebFlux application
 * that serves everything else. A call so passes no filter, no session and no observation that it has no use for.
 */
@Component
final class RelayRoutes implements NettyRouteProvider {
    private static final Logger log = LoggerFactory.getLogger(RelayRoutes.class);
    private static final String PREFIX = "/v1/";
    private static final String MODELS = "/v1/models";
    private static final String RESPONSES = "/v1/responses/";
    private static final String GOOGLES = "/v1beta/";
    private static final String GOOGLES_MODELS = "/v1beta/models";

    private final Relay relay;
    private final Realtime realtime;
    private final TaskCalls tasks;
    private final FileCalls files;
    private final Billing billing;
    private final Map<String, Endpoint> endpoints = new HashMap<>();

    RelayRoutes(Relay relay, Realtime realtime, TaskCalls tasks, FileCalls files, Billing billing) {
        this.files = files;
        this.tasks = tasks;
        this.realtime = realtime;
        this.relay = relay;
        this.billing = billing;
        for (Endpoint endpoint : Endpoint.values()) {
            if (endpoint.plain()) {
                endpoints.put("/v1" + endpoint.path, endpoint);
            }
        }
    }

    @Override
    public HttpServerRoutes apply(HttpServerRoutes routes) {
        return routes.route(request -> ours(request.uri()), this::serve);
    }

    private static boolean ours(String uri) {
        return uri.startsWith(PREFIX)
                || uri.equals("/v1")
                || uri.startsWith("/v1?")
                || uri.startsWith(GOOGLES)
                || uri.startsWith("/dashboard/billing/")
                || TaskCalls.serves(uri);
    }

    private Publisher<Void> serve(HttpServerRequest request, HttpServerResponse response) {
        Visit visit = relay.visit(request, response);
        response.header("x-request-id", visit.id());
        allowOrigin(request.requestHeaders(), response);
        return Mono.defer(() -> answer(visit)).onErrorResume(error -> refuse(visit, error));
    }

    private Mono<Void> answer(Visit visit) {
        HttpServerRequest request = visit.request();
        String path = path(request.uri());
        if (request.method().equals(HttpMethod.OPTIONS)) {
            return preflight(visit);
        }
        Endpoint endpoint = endpoints.get(path);
        if (endpoint != null) {
            return post(
                    visit,
                    () -> endpoint.form() && !isJson(visit)
                            ? relay.form(visit, endpoint)
                            : relay.call(visit, endpoint, null, false));
        }
        if (visit.google()) {
            return path.startsWith(GOOGLES_MODELS)
                    ? googles(visit, path.substring(GOOGLES_MODELS.length()))
                    : path.startsWith(MODELS)
                            ? googles(visit, path.substring(MODELS.length()))
                            : Mono.error(nothingHere());
        }
        if (path.equals("/v1" + Endpoint.REALTIME.path)) {
            return expected(request, HttpMethod.GET) ? realtime.serve(visit) : Mono.error(notAllowed("GET"));
        }
        if (TaskCalls.serves(path)) {
            return tasks.serve(visit);
        }
        if (FileCalls.serves(path)) {
            return files.serve(visit, path);
        }
        if (path.startsWith(RESPONSES)) {
            return kept(visit, path.substring(RESPONSES.length()));
        }
        if (path.equals(MODELS) || path.startsWith(MODELS + "/")) {
            String model = path.length() <= MODELS.length() + 1 ? null : decoded(path.substring(MODELS.length() + 1));
            return expected(request, HttpMethod.GET)
                    ? send(visit.response(), relay.models(visit, model))
                    : Mono.error(notAllowed("GET"));
        }
        if (Billing.serves(path)) {
            return expected(request, HttpMethod.GET)
                    ? billing.answer(relay.identify(visit), path, request.uri())
                            .flatMap(json -> send(visit.response(), json))
                    : Mono.error(notAllowed("GET"));
        }
        return Mono.error(nothingHere());
    }

    /** What stands behind {@code …/models}: nothing, {@code /{model}}, or {@code /{model}:{verb}}. */
    private Mono<Void> googles(Visit visit, String rest) {
        HttpServerRequest request = visit.request();
        if (request.method().equals(HttpMethod.GET) && (rest.isEmpty() || rest.startsWith("/"))) {
            String model = rest.length() <= 1 ? null : decoded(rest.substring(1));
            return send(visit.response(), relay.models(visit, model));
        }
        int colon = rest.lastIndexOf(':');
        if (colon < 2 || !rest.startsWith("/")) {
            return Mono.error(rest.isEmpty() ? notAllowed("GET") : nothingHere());
        }
        String model = decoded(rest.substring(1, colon));
        return switch (rest.substring(colon + 1)) {
            case "generateContent" -> post(visit, () -> relay.call(visit, Endpoint.GENERATE, model, false));
            case "streamGenerateContent" -> post(visit, () -> relay.call(visit, Endpoint.GENERATE, model, true));
            case "embedContent" -> post(visit, () -> relay.call(visit, Endpoint.EMBED_CONTENT, model, false));
            case "batchEmbedContents" -> post(visit, () -> relay.call(visit, Endpoint.EMBED_CONTENTS, model, false));
            default -> Mono.error(nothingHere());
        };
    }

    /** {@code {id}}, {@code {id}/input_items} and {@code {id}/cancel}, with their query. */
    private Mono<Void> kept(Visit visit, String rest) {
        int slash = rest.indexOf('/');
        String id = slash < 0 ? rest : rest.substring(0, slash);
        String part = slash < 0 ? "" : rest.substring(slash);
        HttpMethod method = visit.request().method();
        boolean known = id.matches("resp_[A-Za-z0-9_-]{1,200}")
                && (part.isEmpty() && (method.equals(HttpMethod.GET) || method.equals(HttpMethod.DELETE))
                        || part.equals("/input_items") && method.equals(HttpMethod.GET)
                        || part.equals("/cancel") && method.equals(HttpMethod.POST));
        if (!known) {
            return Mono.error(nothingHere());
        }
        int query = visit.request().uri().indexOf('?');
        return relay.kept(
                visit, id, part + (query < 0 ? "" : visit.request().uri().substring(query)));
    }

    private static Mono<Void> post(Visit visit, Supplier<Mono<Void>> call) {
        return expected(visit.request(), HttpMethod.POST) ? call.get() : Mono.error(notAllowed("POST"));
    }

    /** Pictures to be edited can be named by their URLs in JSON as well. */
    private static boolean isJson(Visit visit) {
        return visit.headers().get("content-type", "").startsWith("application/json");
    }

    private static Refusal nothingHere() {
        return new Refusal(Reason.UNKNOWN_URL, "There is nothing at this path.");
    }

    private static boolean expected(HttpServerRequest request, HttpMethod method) {
        return request.method().equals(method);
    }

    private static Refusal notAllowed(String method) {
        return new Refusal(Reason.METHOD_NOT_ALLOWED, "Only " + method + " is served at this path.");
    }

    /** As it was sent, not decoded: what the server's own reading cannot make a URI of is an unknown path and no bug. */
    private static String path(String uri) {
        int end = 0;
        while (end < uri.length() && uri.charAt(end) != '?' && uri.charAt(end) != '#') {
            end++;
        }
        return uri.substring(0, end);
    }

    /** Model names hold slashes and colons, raw or escaped. */
    private static String decoded(String segment) {
        try {
            return URLDecoder.decode(segment.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return segment;
        }
    }

    private static Mono<Void> send(HttpServerResponse response, byte[] json) {
        return response.header("content-type", "application/json")
                .header("content-length", Integer.toString(json.length))
                .send(Mono.just(Unpooled.wrappedBuffer(json)))
                .then();
    }

    /** Chat clients in browsers call from any origin; they show a token, never a cookie. */
    private static void allowOrigin(HttpHeaders request, HttpServerResponse response) {
        if (request.contains("origin")) {
            response.header("access-control-allow-origin", "*")
                    .header(
                            "access-control-expose-headers",
                            "x-request-id, retry-after, x-should-retry, x-cache, age, x-ratelimit-limit-requests,"
                                    + " x-ratelimit-remaining-requests, x-ratelimit-reset-requests, x-ratelimit-limit-tokens,"
                                    + " x-ratelimit-remaining-tokens, x-ratelimit-reset-tokens");
        }
    }

    private static Mono<Void> preflight(Visit visit) {
        String wanted = visit.headers().get("access-control-request-headers");
        boolean plain = wanted != null && wanted.matches("[A-Za-z0-9_, -]{1,1000}");
        return visit.response()
                .status(204)
                .header("access-control-allow-origin", "*")
                .header("access-control-allow-methods", "GET, POST, DELETE, OPTIONS")
                .header("access-control-allow-headers", plain ? wanted : "authorization, content-type, *")
                .header("access-control-max-age", "86400")
                .header("vary", "access-control-request-headers")
                .send();
    }

    /** The one place where an error becomes an answer. What is not a {@link Refusal} is a bug, and logged as one. */
    private static Mono<Void> refuse(Visit visit, Throwable error) {
        HttpServerResponse response = visit.response();
        if (response.hasSentHeaders() || Relay.callerLeft(error)) {
            return Mono.error(error); // the caller sees that the answer is not whole, since its connection is closed
        }
        if (!(error instanceof Refusal)) {
            log.error("Call {} met a bug", visit.id(), error);
        }
        Refusal refusal = error instanceof Refusal known
                ? known
                : new Refusal(
                        Reason.INTERNAL, "Something went wrong in the gateway. The request id names it in its log.");
        byte[] json = TaskCalls.serves(visit.request().uri())
                ? TaskCalls.error(refusal)
                : visit.format().error(refusal, visit.id());
        response.status(refusal.reason().status);
        retryHeaders(response, refusal);
        return send(response, json);
    }

    /**
     * The official SDKs try again on 408, 409, 429 and 5xx unless told otherwise: where that is in vain, or the gateway
     * has tried other channels already, they are told.
     */
    private static void retryHeaders(HttpServerResponse response, Refusal refusal) {
        refusal.headers().forEach(response::header);
        Duration wait = refusal.retryAfter();
        if (wait != null) {
            response.header("retry-after", Long.toString(Math.max(1, (wait.toMillis() + 999) / 1000)));
        }
        switch (refusal.reason()) {
            case INSUFFICIENT_QUOTA, UPSTREAM_ERROR, UPSTREAM_TIMEOUT, INTERNAL ->
                response.header("x-should-retry", "false");
            case INVALID_API_KEY -> response.header("www-authenticate", "Bearer");
            default -> {
                // the status says it all
            }
        }
    }
}
