package dev.sluice.console;

import java.time.Duration;
import java.util.List;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;

/** The doors of the console: its page at the bare address, and its files beneath their version. */
@Configuration(proxyBeanMethods = false)
class ConsoleRoutes {
    private static final Duration LONG = Duration.ofDays(365);

    @Bean
    RouterFunction<ServerResponse> console(ConsoleFiles files) {
        CacheControl forEver = CacheControl.maxAge(LONG).cachePublic().immutable();
        return RouterFunctions.route()
                .GET("/", request -> send(request, files.page(), CacheControl.noCache()))
                .GET("/index.html", request -> send(request, files.page(), CacheControl.noCache()))
                .GET("/console/{version}/{*name}", request -> {
                    String name = request.pathVariable("name").substring(1);
                    ConsoleFiles.File file = files.find(request.pathVariable("version"), name);
                    return file == null ? ServerResponse.notFound().build() : send(request, file, forEver);
                })
                .build();
    }

    private static Mono<ServerResponse> send(ServerRequest request, ConsoleFiles.File file, CacheControl cache) {
        boolean gzip = accepts(request.headers().header(HttpHeaders.ACCEPT_ENCODING));
        String tag = "\"" + file.hash() + (gzip ? "-gzip\"" : "\"");
        return request.checkNotModified(tag).switchIfEmpty(Mono.defer(() -> {
            ServerResponse.BodyBuilder answer = ServerResponse.ok()
                    .contentType(MediaType.parseMediaType(file.type()))
                    .cacheControl(cache)
                    .eTag(tag)
                    .varyBy(HttpHeaders.ACCEPT_ENCODING);
            return gzip
                    ? answer.header(HttpHeaders.CONTENT_ENCODING, "gzip").bodyValue(file.gzipped())
                    : answer.bodyValue(file.plain());
        }));
    }

    /** {@code gzip;q=0} is a refusal. */
    private static boolean accepts(List<String> encodings) {
        return encodings.stream()
                .flatMap(line -> List.of(line.split(",")).stream())
                .map(encoding -> encoding.replace(" ", ""))
                .anyMatch(encoding -> encoding.startsWith("gzip") && !encoding.matches("gzip;q=0(\\.0*)?"));
    }
}
