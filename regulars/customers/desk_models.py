"""Tables of what the team keeps: companies, notes, tasks, views of the list, acts on many."""

from __future__ import annotations

from django.db import models

from regulars.store.rows import WorkspaceRow


class Company(WorkspaceRow):
    """An organisation customers belong to, known by the group id its source gives it.

    The columns `sort_name` and `trigrams` (what search finds) are in SQL only.
    """

    public_id = models.CharField(max_length=22, unique=True)
    group_id = models.TextField()
    name = models.TextField(null=True)
    traits = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "group_id"], name="company_once")
        ]


class Membership(WorkspaceRow):
    """A customer belongs to a company; kept under the id the customer had then."""

    company_id = models.BigIntegerField()
    customer_id = models.BigIntegerField()
    source = models.TextField()
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "company_id", "customer_id"], name="company_member_once"
            )
        ]
        indexes = [
            models.Index(fields=["workspace_id", "customer_id"], name="company_member_by_customer")
        ]


class Note(WorkspaceRow):
    """What a member of the team wrote about a customer, as plain text."""

    public_id = models.CharField(max_length=22, unique=True)
    customer_id = models.BigIntegerField()
    author_id = models.BigIntegerField(null=True)
    author = models.TextField()
    text = models.TextField()
    is_pinned = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True)
    # The same note sent twice by a nervous finger or a retry is one note.
    key = models.TextField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace_id", "key"], name="note_once")]
        indexes = [
            models.Index(fields=["workspace_id", "customer_id", "-id"], name="note_by_customer")
        ]


class Task(WorkspaceRow):
    """Something a member of the team has to do, mostly for a customer."""

    public_id = models.CharField(max_length=22, unique=True)
    customer_id = models.BigIntegerField(null=True)
    title = models.TextField()
    due_on = models.DateField(null=True)
    assignee_id = models.BigIntegerField()
    author = models.TextField()
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    done_by = models.TextField(default="")
    key = models.TextField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace_id", "key"], name="task_once")]
        indexes = [
            models.Index(
                fields=["workspace_id", "assignee_id", "due_on", "id"],
                name="task_open",
                condition=models.Q(done_at__isnull=True),
            ),
            models.Index(fields=["workspace_id", "customer_id", "-id"], name="task_by_customer"),
        ]


class View(WorkspaceRow):
    """A named filter of the list, the owner's own or shared with the team."""

    public_id = models.CharField(max_length=22, unique=True)
    owner_id = models.BigIntegerField()
    name = models.TextField()
    query = models.TextField()
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "owner_id", "name"], name="view_once")
        ]


class ListTaste(WorkspaceRow):
    """How one member likes the list: its columns, and the view it opens with."""

    user_id = models.BigIntegerField()
    columns = models.JSONField(null=True)
    view_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "user_id"], name="list_taste_once")
        ]


class Batch(WorkspaceRow):
    """One act on many customers at once, an export too, with what came of it."""

    public_id = models.CharField(max_length=22, unique=True)
    act = models.TextField()
    owner_id = models.BigIntegerField()
    owner = models.TextField()
    # What was chosen: a filter's query or the ids themselves, and what is to be done with them.
    query = models.TextField(default="")
    chosen = models.JSONField(default=list)
    given = models.JSONField(default=dict)
    state = models.TextField(default="waiting")
    total = models.IntegerField(default=0)
    done = models.IntegerField(default=0)
    skipped = models.IntegerField(default=0)
    # The last customer dealt with, so that a job that died goes on from there.
    last_id = models.BigIntegerField(default=0)
    reason = models.TextField(default="")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    key = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace_id", "key"], name="batch_once")]
        indexes = [
            models.Index(fields=["workspace_id", "owner_id", "-id"], name="batch_by_owner"),
            models.Index(fields=["act", "created_at"], name="batch_by_act"),
        ]
