package dev.sluice.admin;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import dev.sluice.access.ClientAddress;
import dev.sluice.access.Operator;
import dev.sluice.access.SecondFactors;
import dev.sluice.access.Sessions;
import dev.sluice.access.User;
import dev.sluice.access.Users;
import dev.sluice.wire.Objection;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.net.InetAddress;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpCookie;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Mono;

/** {@code /api/session}: signing in to the console, and out. */
@RestController
@RequestMapping("/api/session")
@Tag(name = "session", description = "Signing in to the console, and out")
final class SessionApi {
    private final Sessions sessions;
    private final Users users;
    private final SecondFactors secondFactors;
    private final SessionCookie cookies;
    private final ClientAddress clientAddress;
    private final Trail trail;
    private final Clock clock;

    SessionApi(
            Sessions sessions,
            Users users,
            SecondFactors secondFactors,
            SessionCookie cookies,
            ClientAddress clientAddress,
            Trail trail,
            Clock clock) {
        this.sessions = sessions;
        this.users = users;
        this.secondFactors = secondFactors;
        this.cookies = cookies;
        this.clientAddress = clientAddress;
        this.trail = trail;
        this.clock = clock;
    }

    /** What a sign-in needs. */
    @Schema(name = "SignIn")
    record SignIn(
            @Schema(requiredMode = Schema.RequiredMode.REQUIRED)
            String username,

            @Schema(requiredMode = Schema.RequiredMode.REQUIRED)
            String password,

            @Schema(description = "Of the second factor, or a recovery code; asked for by code_required") @Nullable
            String code) {}

    /** Who is signed in. */
    @Schema(name = "Session")
    record View(
            @JsonUnwrapped UserApi.View user,

            @Schema(description = "Whether the password is still the one that the first start made up")
            @JsonProperty("password_generated")
            boolean passwordGenerated,

            @Schema(description = "Whether signing in takes a code beside the password") @JsonProperty("second_factor")
            boolean secondFactor) {}

    @PostMapping(consumes = "application/json")
    @Operation(
            summary = "Signs in: sets the session's cookie and answers with the user",
            requestBody =
                    @io.swagger.v3.oas.annotations.parameters.RequestBody(
                            content = @Content(schema = @Schema(implementation = SignIn.class))))
    @ApiResponse(responseCode = "201", content = @Content(schema = @Schema(implementation = View.class)))
    Mono<ResponseEntity<Object>> signIn(ServerHttpRequest request, @RequestBody byte[] body) {
        Fields fields =
                Fields.read(body, Fields.JSON.createObjectNode(), Set.of("username", "password", "code"), Set.of());
        String username = fields.text("username", 200);
        String password = fields.text("password", 1_000);
        String code = fields.text("code", 100);
        if (username == null) {
            fields.fault("username", Rule.NEEDED, "absent (expected: a user's name)");
        }
        if (password == null) {
            fields.fault("password", Rule.NEEDED, "absent (expected: the user's password)");
        }
        fields.check();
        HttpCookie before = request.getCookies().getFirst(AdminSecurity.COOKIE);
        return sessions.begin(
                        String.valueOf(username),
                        String.valueOf(password),
                        code == null || code.isBlank() ? null : code,
                        address(request),
                        before == null ? null : before.getValue(),
                        trail.by("sign_in", address(request)))
                .flatMap(outcome -> switch (outcome) {
                    case Sessions.Begun begun -> signedIn(request, begun);
                    case Sessions.CodeWanted wanted -> Mono.just(codeWanted(wanted.wrong()));
                })
                .switchIfEmpty(Mono.fromSupplier(
                        () -> refused(Objection.WRONG_PASSWORD, "The name or the password is wrong.")));
    }

    private Mono<ResponseEntity<Object>> signedIn(ServerHttpRequest request, Sessions.Begun begun) {
        String cookie = cookies.of(request, begun.id().text(), Sessions.LENGTH);
        return view(begun.user())
                .map(view -> ResponseEntity.created(URI.create("/api/session"))
                        .header(HttpHeaders.SET_COOKIE, cookie)
                        .body(view));
    }

    private static ResponseEntity<Object> codeWanted(boolean wrong) {
        return wrong
                ? refused(
                        Objection.WRONG_CODE,
                        "The code is wrong, or was used before. Send the one that the app shows now, or a recovery code.")
                : refused(
                        Objection.CODE_REQUIRED,
                        "The code of the second factor is wanted. Send it as code, with name and password once more.");
    }

    private static ResponseEntity<Object> refused(Objection objection, String detail) {
        var problem = Problems.problem(HttpStatus.UNAUTHORIZED, objection, detail);
        ProblemDetail body = requireNonNull(problem.getBody());
        if (objection != Objection.WRONG_PASSWORD) {
            body.setProperty("code_required", true);
        }
        return ResponseEntity.status(HttpStatus.UNAUTHORIZED)
                .headers(problem.getHeaders())
                .header(HttpHeaders.WWW_AUTHENTICATE, "Bearer")
                .body(body);
    }

    @GetMapping
    @Operation(summary = "Who is signed in")
    Mono<View> who(@AuthenticationPrincipal Operator operator) {
        return users.find(operator.user().id()).defaultIfEmpty(operator.user()).flatMap(this::view);
    }

    private Mono<View> view(User user) {
        return users.passwordGenerated(user.id())
                .zipWith(
                        secondFactors.state(user.id()),
                        (generated, factor) ->
                                new View(UserApi.View.of(user, clock.millis()), generated, factor.enabled()));
    }

    @DeleteMapping
    @Operation(summary = "Signs out")
    @ApiResponse(responseCode = "204")
    Mono<ResponseEntity<Void>> signOut(@AuthenticationPrincipal Operator operator, ServerHttpRequest request) {
        String session = operator.session();
        Mono<Void> ended = session == null
                ? Mono.empty()
                : sessions.end(session, operator.user(), trail.as("sign_out", operator, UserApi.KIND));
        return ended.thenReturn(ResponseEntity.noContent()
                .header(HttpHeaders.SET_COOKIE, cookies.of(request, "", Duration.ZERO))
                .build());
    }

    /** Behind a proxy that is trusted, the address that it names: else one guesser would keep everybody out. */
    private InetAddress address(ServerHttpRequest request) {
        return clientAddress.of(
                request.getRemoteAddress(), () -> request.getHeaders().getOrEmpty("X-Forwarded-For"));
    }
}
