package dev.sluice.admin;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sluice.access.Conflict;
import dev.sluice.access.Operator;
import dev.sluice.access.SecondFactors;
import dev.sluice.access.User;
import dev.sluice.access.Users;
import dev.sluice.wire.Objection;
import io.nayuki.qrcodegen.QrCode;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Mono;

/** {@code /api/users/{id}/second-factor}: the code that a user's sign-in takes beside the password. */
@RestController
@RequestMapping("/api/users/{id}/second-factor")
@Tag(name = "second factor", description = "The code that a user's sign-in takes beside the password")
final class SecondFactorApi {
    private final SecondFactors secondFactors;
    private final Users users;
    private final Trail trail;

    SecondFactorApi(SecondFactors secondFactors, Users users, Trail trail) {
        this.secondFactors = secondFactors;
        this.users = users;
        this.trail = trail;
    }

    /** How it stands. */
    @Schema(name = "SecondFactor")
    record View(
            boolean enabled,
            @JsonProperty("enabled_at") @Nullable Instant enabledAt,

            @Schema(description = "How many are left") @JsonProperty("recovery_codes")
            long recoveryCodes) {
        static View of(SecondFactors.State state) {
            return new View(state.enabled(), Views.timeOrNull(state.since()), state.recoveryCodes());
        }
    }

    /** What an authenticator app is given, this once. */
    @Schema(name = "SecondFactorSecret")
    record Made(String secret, String uri, Picture qr) {}

    /** A QR code as an SVG path of squares of side 1, in a picture so wide and high, margin included. */
    @Schema(name = "QrCode")
    record Picture(int size, String path) {
        private static final int MARGIN = 4; // of ISO 18004

        static Picture of(String text) {
            QrCode code = QrCode.encodeText(text, QrCode.Ecc.LOW);
            StringBuilder path = new StringBuilder();
            for (int y = 0; y < code.size; y++) {
                for (int x = 0; x < code.size; x++) {
                    if (code.getModule(x, y)) {
                        path.append('M')
                                .append(x + MARGIN)
                                .append(' ')
                                .append(y + MARGIN)
                                .append("h1v1h-1z");
                    }
                }
            }
            return new Picture(code.size + 2 * MARGIN, path.toString());
        }
    }

    @Schema(name = "RecoveryCodes")
    record Recovery(@JsonProperty("recovery_codes") List<String> recoveryCodes) {}

    /** What proves that it is the user who asks. */
    @Schema(name = "PasswordProof")
    record PasswordProof(String password) {}

    @Schema(name = "CodeProof")
    record CodeProof(String code) {}

    @Schema(name = "FullProof")
    record FullProof(String password, String code) {}

    @GetMapping
    @Operation(summary = "Whether it is on, and how many recovery codes are left")
    Mono<View> get(@AuthenticationPrincipal Operator operator, @PathVariable String id) {
        return UserApi.visible(users, operator, id)
                .flatMap(user -> secondFactors.state(user.id()))
                .map(View::of);
    }

    @PostMapping(consumes = "application/json")
    @Operation(
            summary = "Makes a secret for one's own authenticator app. It counts when it is confirmed",
            requestBody =
                    @io.swagger.v3.oas.annotations.parameters.RequestBody(
                            content = @Content(schema = @Schema(implementation = PasswordProof.class))))
    @ResponseStatus(HttpStatus.CREATED)
    Mono<ResponseEntity<Made>> begin(
            @AuthenticationPrincipal Operator operator, @PathVariable String id, @RequestBody byte[] body) {
        return own(operator, id).flatMap(user -> {
            Fields fields = fields(body, "password");
            String password = given(fields, "password");
            fields.check();
            return secondFactors
                    .begin(user, password, operator.address())
                    .map(made -> ResponseEntity.created(URI.create("/api/users/" + user.id() + "/second-factor"))
                            .body(new Made(made.secret(), made.uri(), Picture.of(made.uri()))));
        });
    }

    @PostMapping(path = "/confirmation", consumes = "application/json")
    @Operation(
            summary = "Turns it on with a code of the app; answers with the recovery codes, this once",
            requestBody =
                    @io.swagger.v3.oas.annotations.parameters.RequestBody(
                            content = @Content(schema = @Schema(implementation = CodeProof.class))))
    Mono<Recovery> confirm(
            @AuthenticationPrincipal Operator operator, @PathVariable String id, @RequestBody byte[] body) {
        return own(operator, id).flatMap(user -> {
            Fields fields = fields(body, "code");
            String code = given(fields, "code");
            fields.check();
            return secondFactors
                    .confirm(user, code, operator.session(), trail.as("factor_on", operator, UserApi.KIND))
                    .map(Recovery::new);
        });
    }

    @PostMapping(path = "/removal", consumes = "application/json")
    @Operation(
            summary = "Turns one's own off, with the password and a code",
            requestBody =
                    @io.swagger.v3.oas.annotations.parameters.RequestBody(
                            content = @Content(schema = @Schema(implementation = FullProof.class))))
    @ResponseStatus(HttpStatus.NO_CONTENT)
    Mono<Void> end(@AuthenticationPrincipal Operator operator, @PathVariable String id, @RequestBody byte[] body) {
        return own(operator, id).flatMap(user -> {
            Fields fields = fields(body, "password", "code");
            String password = given(fields, "password");
            String code = given(fields, "code");
            fields.check();
            return secondFactors.end(
                    user, password, code, operator.address(), trail.as("factor_off", operator, UserApi.KIND));
        });
    }

    @DeleteMapping
    @Operation(summary = "Turns another user's off, who lost app and recovery codes")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    Mono<Void> reset(@AuthenticationPrincipal Operator operator, @PathVariable String id) {
        UserApi.administering(operator);
        return UserApi.visible(users, operator, id).flatMap(user -> {
            UserApi.mayChange(operator, user);
            // a stolen session must not do what its owner needs password and code for
            if (operator.owns(user.id()) && operator.means() != Operator.Means.ADMIN_TOKEN) {
                return Mono.error(new Conflict(
                        Objection.OWN_FACTOR,
                        "Your own is turned off with password and code: POST /api/users/" + user.id()
                                + "/second-factor/removal."));
            }
            return secondFactors.reset(user, trail.as("factor_reset", operator, UserApi.KIND));
        });
    }

    private Mono<User> own(Operator operator, String id) {
        return UserApi.visible(users, operator, id).doOnNext(user -> {
            if (!operator.owns(user.id())) {
                throw new Forbidden(Objection.NOT_YOURS, "Only a user itself may do this.");
            }
        });
    }

    private static Fields fields(byte[] body, String... names) {
        return Fields.read(body, Fields.JSON.createObjectNode(), Set.of(names), Set.of());
    }

    private static String given(Fields fields, String name) {
        String text = fields.text(name, 1_000);
        if (text == null) {
            fields.fault(name, Rule.NEEDED, "absent (expected: your " + name + ")");
        }
        return String.valueOf(text);
    }
}
