from django.db import migrations, models


from regulars.store.fences import fence, versioned

TABLES = ("orders_product", "orders_order", "orders_line", "orders_customervalue")
FOLLOWED = ("orders_order", "orders_line")


class Migration(migrations.Migration):

    initial = True

    dependencies = [("store", "0001_ground")]

    operations = [
        migrations.CreateModel(
            name='CustomerValue',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('customer_id', models.BigIntegerField()),
                ('orders_count', models.IntegerField(default=0)),
                ('total_minor', models.BigIntegerField(default=0)),
                ('returned_minor', models.BigIntegerField(default=0)),
                ('first_at', models.DateTimeField(null=True)),
                ('last_at', models.DateTimeField(null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace_id', 'customer_id'), name='value_once')],
            },
        ),
        migrations.CreateModel(
            name='Line',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('order_id', models.BigIntegerField()),
                ('customer_id', models.BigIntegerField(null=True)),
                ('line_no', models.IntegerField()),
                ('placed_at', models.DateTimeField()),
                ('sku', models.TextField()),
                ('name', models.TextField(null=True)),
                ('category', models.TextField(null=True)),
                ('quantity', models.DecimalField(decimal_places=6, max_digits=18)),
                ('unit_price', models.DecimalField(decimal_places=6, max_digits=18)),
                ('total_minor', models.BigIntegerField()),
                ('kind', models.TextField()),
            ],
            options={
                'indexes': [models.Index(fields=['order_id', 'line_no'], name='line_by_order')],
            },
        ),
        migrations.CreateModel(
            name='Order',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('public_id', models.CharField(max_length=22, unique=True)),
                ('number', models.TextField()),
                ('customer_id', models.BigIntegerField(null=True)),
                ('placed_at', models.DateTimeField()),
                ('kind', models.TextField()),
                ('status', models.TextField()),
                ('currency', models.TextField()),
                ('total_minor', models.BigIntegerField()),
                ('lines_count', models.IntegerField()),
                ('source', models.TextField()),
                ('origin', models.TextField()),
                ('body_hash', models.TextField()),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['workspace_id', '-placed_at', '-id'], name='order_by_time'), models.Index(fields=['workspace_id', 'customer_id', '-placed_at'], name='order_by_customer'), models.Index(fields=['workspace_id', 'number'], name='order_by_number')],
                'constraints': [models.UniqueConstraint(fields=('workspace_id', 'source', 'number'), name='order_once')],
            },
        ),
        migrations.CreateModel(
            name='Product',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('sku', models.TextField()),
                ('name', models.TextField(null=True)),
                ('category', models.TextField(null=True)),
                ('brand', models.TextField(null=True)),
                ('price', models.DecimalField(decimal_places=6, max_digits=18, null=True)),
                ('sold_quantity', models.DecimalField(decimal_places=6, default=0, max_digits=24)),
                ('sold_minor', models.BigIntegerField(default=0)),
                ('first_at', models.DateTimeField()),
                ('last_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['workspace_id', '-sold_minor', 'id'], name='product_by_sales')],
                'constraints': [models.UniqueConstraint(fields=('workspace_id', 'sku'), name='product_once')],
            },
        ),
        *(operation for table in TABLES for operation in fence(table)),
        *(operation for table in FOLLOWED for operation in versioned(table)),
    ]
