package dev.sluice.access;

import dev.sluice.database.Changes;
import dev.sluice.database.Where;
import dev.sluice.database.Witness;
import dev.sluice.wire.Objection;
import java.util.Collection;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/** The groups there are, from memory, and their changes. */
@Component
public final class Groups {
    /** Whoever is put in no other group. It is always there. */
    public static final String DEFAULT = "default";

    private final Register register;
    private final Changes changes;

    Groups(Register register, Changes changes) {
        this.register = register;
        this.changes = changes;
    }

    public Collection<Group> all() {
        return register.now().groups().values();
    }

    public @Nullable Group find(String name) {
        return register.now().groups().get(name);
    }

    public Mono<Group> create(Group draft, Witness<Group> witness) {
        return changes.write(
                        Register.NAME,
                        client -> GroupTable.insert(client, draft)
                                .then(GroupTable.find(client, draft.name()))
                                .flatMap(made -> witness.saw(client, null, made).thenReturn(made)))
                .onErrorMap(
                        DuplicateKeyException.class,
                        e -> new Conflict(
                                Objection.GROUP_EXISTS,
                                "There is a group named '" + draft.name() + "' already. Change it by PATCH."));
    }

    /** Nothing when there is no such group. What the change throws is passed on, and nothing is changed. */
    public Mono<Group> change(String name, UnaryOperator<Group> change, Witness<Group> witness) {
        return changes.write(
                Register.NAME,
                client -> GroupTable.find(client, name)
                        .flatMap(before -> GroupTable.update(client, change.apply(before))
                                .then(GroupTable.find(client, name))
                                .flatMap(after ->
                                        witness.saw(client, before, after).thenReturn(after))));
    }

    public Mono<Void> delete(String name, Witness<Group> witness) {
        if (name.equals(DEFAULT)) {
            return Mono.error(new Conflict(
                    Objection.DEFAULT_GROUP, "The group 'default' is where users begin. It cannot be deleted."));
        }
        return changes.write(
                        Register.NAME,
                        client -> UserTable.count(client, new Where().equal("group_name", name))
                                .filter(users -> users == 0)
                                .switchIfEmpty(Mono.error(() -> new Conflict(
                                        Objection.GROUP_HAS_USERS,
                                        "Users are in group '" + name + "'. Put them in another group first.")))
                                .then(GroupTable.find(client, name))
                                .flatMap(before -> GroupTable.delete(client, name)
                                        .then(witness.saw(client, before, null))
                                        .thenReturn(before)))
                .then();
    }
}
