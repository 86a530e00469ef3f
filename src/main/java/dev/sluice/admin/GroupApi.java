package dev.sluice.admin;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sluice.access.Conflict;
import dev.sluice.access.Group;
import dev.sluice.access.Groups;
import dev.sluice.access.Operator;
import dev.sluice.channel.ChannelTable;
import dev.sluice.database.Database;
import dev.sluice.wire.Glob;
import dev.sluice.wire.Limits;
import dev.sluice.wire.Objection;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.math.BigDecimal;
import java.net.URI;
import java.time.Clock;
import java.time.Instant;
import java.util.Comparator;
import java.util.Set;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.util.MultiValueMap;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Mono;

/** {@code /api/groups}: classes of users; a group's name is its id. */
@RestController
@RequestMapping("/api/groups")
@Tag(name = "groups", description = "Classes of users: their channels, prices and limits")
final class GroupApi {
    private static final Set<String> READ_ONLY = Set.of("created_at", "updated_at");
    private static final Trail.Kind<Group> KIND = new Trail.Kind<>("group", Group::name, View::of);

    private final Groups groups;
    private final Database database;
    private final ChannelTable channels;
    private final Trail trail;
    private final Clock clock;

    GroupApi(Groups groups, Database database, ChannelTable channels, Trail trail, Clock clock) {
        this.groups = groups;
        this.database = database;
        this.channels = channels;
        this.trail = trail;
        this.clock = clock;
    }

    /** A group as the API shows it. */
    @Schema(name = "Group")
    record View(
            @Schema(description = "Cannot be changed") String name,

            @Schema(description = "What list prices are multiplied with", defaultValue = "1")
            @JsonProperty("price_factor")
            BigDecimal priceFactor,

            Limits limits,

            @Schema(accessMode = Schema.AccessMode.READ_ONLY) @JsonProperty("created_at")
            Instant createdAt,

            @Schema(accessMode = Schema.AccessMode.READ_ONLY) @JsonProperty("updated_at")
            Instant updatedAt) {
        static View of(Group group) {
            return new View(
                    group.name(),
                    Views.factor(group.priceFactorMillionths()),
                    group.limits(),
                    Views.time(group.createdAt()),
                    Views.time(group.updatedAt()));
        }
    }

    @GetMapping
    @Listed("name")
    @Operation(summary = "Groups, newest first. Filter: name (with *)")
    Page.Of<View> list(@Parameter(hidden = true) @RequestParam MultiValueMap<String, String> query) {
        Page page = Page.of(query, "name");
        String name = page.text("name");
        return page.of(
                groups.all().stream()
                        .filter(group -> name == null || new Glob(name).matches(group.name()))
                        .sorted(Comparator.comparing(Group::createdAt)
                                .reversed()
                                .thenComparing(Group::name))
                        .map(View::of)
                        .toList(),
                View::name);
    }

    @GetMapping("/{name}")
    @Operation(summary = "One group")
    View get(@PathVariable String name) {
        return View.of(find(name));
    }

    @PostMapping(consumes = {"application/json", "application/merge-patch+json"})
    @Operation(
            summary = "Makes a group",
            requestBody =
                    @io.swagger.v3.oas.annotations.parameters.RequestBody(
                            content = @Content(schema = @Schema(implementation = View.class))))
    @ResponseStatus(HttpStatus.CREATED)
    Mono<ResponseEntity<View>> make(@AuthenticationPrincipal Operator operator, @RequestBody byte[] body) {
        Fields fields =
                Fields.read(body, Fields.JSON.createObjectNode(), Set.of("name", "price_factor", "limits"), READ_ONLY);
        String name = fields.name("name");
        if (!name.matches("[A-Za-z0-9._-]{0,64}")) {
            fields.wrong("name", "'" + name + "'", Rule.GROUP_NAME);
        }
        Group draft = group(fields, name, clock.millis());
        return groups.create(draft, trail.of(operator, KIND))
                .map(group -> ResponseEntity.created(URI.create("/api/groups/" + group.name()))
                        .body(View.of(group)));
    }

    @PatchMapping(
            path = "/{name}",
            consumes = {"application/json", "application/merge-patch+json"})
    @Operation(
            summary = "Changes a group by a JSON merge patch",
            requestBody =
                    @io.swagger.v3.oas.annotations.parameters.RequestBody(
                            content = @Content(schema = @Schema(implementation = View.class))))
    Mono<View> change(@AuthenticationPrincipal Operator operator, @PathVariable String name, @RequestBody byte[] body) {
        find(name);
        return groups.change(name, before -> changed(before, body), trail.of(operator, KIND))
                .map(View::of);
    }

    private Group changed(Group before, byte[] body) {
        Set<String> writable = Set.of("price_factor", "limits");
        Fields fields = Fields.read(
                body,
                Rendering.writable(View.of(before), writable),
                writable,
                Set.of("name", "created_at", "updated_at"));
        return group(fields, before.name(), before.createdAt());
    }

    @DeleteMapping("/{name}")
    @Operation(summary = "Deletes a group that no user is in and no channel serves")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    Mono<Void> delete(@AuthenticationPrincipal Operator operator, @PathVariable String name) {
        Group group = find(name);
        return database.read(channels::all)
                .filter(channel -> channel.groups().contains(group.name()))
                .next()
                .flatMap(channel -> Mono.<Void>error(new Conflict(
                        Objection.GROUP_HAS_CHANNELS,
                        "Channel " + channel.id() + " ('" + channel.name() + "') serves group '" + group.name()
                                + "'. Change the channel first.")))
                .switchIfEmpty(Mono.defer(() -> groups.delete(group.name(), trail.of(operator, KIND))));
    }

    private Group group(Fields fields, String name, long createdAt) {
        Group group =
                new Group(name, fields.factor("price_factor"), fields.limits("limits"), createdAt, clock.millis());
        fields.check();
        return group;
    }

    private Group find(String name) {
        Group group = groups.find(name);
        if (group == null) {
            throw new Problems.NotFound("There is no such group.");
        }
        return group;
    }
}
