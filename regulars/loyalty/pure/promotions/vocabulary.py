"""Words that promotions are said in: one table a kind of thing, three languages a row."""

from __future__ import annotations

from collections.abc import Mapping

Said = tuple[str, str, str]  # English, Ukrainian, Russian

FIELDS: Mapping[str, Said] = {
    "cart.initial_amount": (
        "the cart before discounts", "сума кошика до знижок", "сумма корзины до скидок"
    ),
    "cart.amount": (
        "the cart after discounts", "сума кошика після знижок", "сумма корзины после скидок"
    ),
    "cart.discount": ("the discount so far", "уже надана знижка", "уже данная скидка"),
    "cart.lines": ("the number of lines", "кількість рядків", "количество строк"),
    "cart.quantity": ("the quantity of goods", "кількість товарів", "количество товаров"),
    "cart.delivery": ("delivery", "вартість доставки", "стоимость доставки"),
    "cart.codes": ("the number of codes", "кількість кодів", "количество кодов"),
    "line.sku": ("SKU", "артикул", "артикул"),
    "line.name": ("name", "назва", "название"),
    "line.category": ("category", "категорія", "категория"),
    "line.brand": ("brand", "бренд", "бренд"),
    "line.quantity": ("quantity", "кількість", "количество"),
    "line.unit_price": ("price of a unit", "ціна за одиницю", "цена за единицу"),
    "line.initial_amount": (
        "amount before discounts", "сума рядка до знижок", "сумма строки до скидок"
    ),
    "line.amount": (
        "amount after discounts", "сума рядка після знижок", "сумма строки после скидок"
    ),
    "line.is_discounted": ("is discounted already", "вже зі знижкою", "уже со скидкой"),
    "line.takes_promotions": (
        "takes part in promotions", "бере участь в акціях", "участвует в акциях"
    ),
    "context.shop": ("shop", "магазин", "магазин"),
    "context.till": ("till", "каса", "касса"),
    "context.cashier": ("cashier", "касир", "кассир"),
    "context.channel": ("channel", "канал продажу", "канал продажи"),
    "context.payment_kind": ("way of paying", "спосіб оплати", "способ оплаты"),
    "context.weekday": ("day of the week", "день тижня", "день недели"),
    "context.hour": ("hour", "година", "час"),
    "context.day": ("day of the month", "день місяця", "день месяца"),
    "context.month": ("month", "місяць", "месяц"),
    "member.is_known": ("the customer is a member", "покупець — учасник програми",
                        "покупатель — участник программы"),
    "member.tier": ("tier", "рівень", "уровень"),
    "member.points": ("points on the account", "бали на рахунку", "баллы на счёте"),
    "member.is_first_purchase": (
        "it is the first purchase", "це перша покупка", "это первая покупка"
    ),
    "member.purchases": ("purchases so far", "зроблено покупок", "сделано покупок"),
    "member.lifetime_spend": (
        "spent so far", "витрачено за весь час", "потрачено за всё время"
    ),
    "member.days_to_birthday": (
        "days to the birthday", "днів до дня народження", "дней до дня рождения"
    ),
    "member.days_since_birthday": (
        "days since the birthday", "днів після дня народження", "дней после дня рождения"
    ),
    "member.days_as_member": (
        "days in the programme", "днів у програмі", "дней в программе"
    ),
}  # fmt: skip

# {f} is the field, {v} the value.
OPS: Mapping[str, Said] = {
    "eq": ("{f} is {v}", "{f} — {v}", "{f} — {v}"),
    "ne": ("{f} is not {v}", "{f} — не {v}", "{f} — не {v}"),
    "in": ("{f} is one of {v}", "{f} — одне з: {v}", "{f} — одно из: {v}"),
    "not_in": ("{f} is none of {v}", "{f} — нічого з: {v}", "{f} — ничего из: {v}"),
    "gt": ("{f} is more than {v}", "{f} більше ніж {v}", "{f} больше {v}"),
    "gte": ("{f} is at least {v}", "{f} не менше ніж {v}", "{f} не меньше {v}"),
    "lt": ("{f} is less than {v}", "{f} менше ніж {v}", "{f} меньше {v}"),
    "lte": ("{f} is at most {v}", "{f} не більше ніж {v}", "{f} не больше {v}"),
    "between": ("{f} is from {a} to {b}", "{f} від {a} до {b}", "{f} от {a} до {b}"),
    "contains": ("{f} contains {v}", "{f} містить {v}", "{f} содержит {v}"),
    "starts": ("{f} starts with {v}", "{f} починається з {v}", "{f} начинается с {v}"),
    "set": ("{f} is filled in", "{f} заповнено", "{f} заполнено"),
    "not_set": ("{f} is empty", "{f} не заповнено", "{f} не заполнено"),
}

WORDS: Mapping[str, Said] = {
    "and": (" and ", " і ", " и "),
    "or": (" or ", " або ", " или "),
    "not": ("not ({x})", "не ({x})", "не ({x})"),
    "never": ("never", "ніколи", "никогда"),
    "always": ("always", "завжди", "всегда"),
    "no": ("not true that {f}", "неправда, що {f}", "неверно, что {f}"),
    "if": ("If {c}, then {e}.", "Якщо {c}, то {e}.", "Если {c}, то {e}."),
    "every": ("In every cart: {e}.", "У кожному кошику: {e}.", "В каждой корзине: {e}."),
    "code": ("a code is given", "введено код", "введён код"),
    "segment": (
        "the customer is in the segment “{x}”",
        "покупець у сегменті «{x}»",
        "покупатель в сегменте «{x}»",
    ),
    "member": ("about the customer: {x}", "про покупця: {x}", "о покупателе: {x}"),
    "personal": (
        "the offer was made to this customer",
        "пропозицію зроблено саме цьому покупцеві",
        "предложение сделано именно этому покупателю",
    ),
    "any": ("the cart has {g}", "у кошику є {g}", "в корзине есть {g}"),
    "all_lines": ("the cart has only {g}", "у кошику лише {g}", "в корзине только {g}"),
    "none": ("the cart has no {g}", "у кошику немає: {g}", "в корзине нет: {g}"),
    "count": ("lines of {g}", "рядків, де {g}", "строк, где {g}"),
    "distinct": ("kinds of {g}", "різних товарів серед: {g}", "разных товаров среди: {g}"),
    "sum_quantity": ("the quantity of {g}", "кількість: {g}", "количество: {g}"),
    "sum_amount": (
        "what {g} cost after discounts", "вартість після знижок: {g}",
        "стоимость после скидок: {g}",
    ),
    "sum_initial_amount": (
        "what {g} cost before discounts", "вартість до знижок: {g}", "стоимость до скидок: {g}"
    ),
    "goods": ("any goods", "будь-які товари", "любые товары"),
    "goods_where": ("goods whose {x}", "товари, у яких {x}", "товары, у которых {x}"),
    "cart": ("the whole cart", "весь кошик", "всю корзину"),
    "up_to": ("up to {n} of {g}", "не більше {n} шт.: {g}", "не больше {n} шт.: {g}"),
    "cheapest": ("the cheapest of {g}", "найдешевший товар ({g})", "самый дешёвый товар ({g})"),
    "dearest": ("the dearest of {g}", "найдорожчий товар ({g})", "самый дорогой товар ({g})"),
    "cheapest_n": (
        "the cheapest of every {n} of {g}", "найдешевший із кожних {n} ({g})",
        "самый дешёвый из каждых {n} ({g})",
    ),
    "dearest_n": (
        "the dearest of every {n} of {g}", "найдорожчий із кожних {n} ({g})",
        "самый дорогой из каждых {n} ({g})",
    ),
    "every_nth": (
        "each unit number {n} of {g}", "кожний товар № {n} ({g})", "каждый товар № {n} ({g})"
    ),
    "set": ("the set {x}", "набір {x}", "набор {x}"),
    "for_buying": ("{get} when buying {buy}", "{get} за купівлі {buy}", "{get} при покупке {buy}"),
    "percent_off": ("{v} % off {g}", "знижка {v} % на {g}", "скидка {v} % на {g}"),
    "amount_off": ("{v} off {g}", "знижка {v} на {g}", "скидка {v} на {g}"),
    "amount_off_unit": (
        "{v} off each of {g}", "знижка {v} на кожну одиницю: {g}",
        "скидка {v} на каждую единицу: {g}",
    ),
    "amount_off_set": (
        "{v} off {g}, each time", "знижка {v} щоразу на {g}", "скидка {v} каждый раз на {g}"
    ),
    "fixed_price": ("{g} for {v}", "{g} за {v}", "{g} за {v}"),
    "set_price": ("a price of {v} for {g}", "ціна {v} на {g}", "цена {v} на {g}"),
    "free_units": ("{g} for nothing", "{g} безкоштовно", "{g} бесплатно"),
    "gift": ("a gift of {n} from: {x}", "подарунок, {n} шт., з: {x}", "подарок, {n} шт., из: {x}"),
    "earn": ("+{v} points", "+{v} балів", "+{v} баллов"),
    "earn_per": (
        "+{v} points for every {m} paid for {g}", "+{v} балів за кожні {m}, сплачені за {g}",
        "+{v} баллов за каждые {m}, уплаченные за {g}",
    ),
    "true": ("yes", "так", "да"),
    "false": ("no", "ні", "нет"),
    "earn_multiplier": ("points × {v} for {g}", "бали × {v} за {g}", "баллы × {v} за {g}"),
    "issue_code": (
        "a code of the promotion “{x}” for next time", "код акції «{x}» на наступну покупку",
        "код акции «{x}» на следующую покупку",
    ),
    "message": ("the {w} says: “{x}”", "{w}: «{x}»", "{w}: «{x}»"),
    "cashier": ("cashier", "підказка касиру", "подсказка кассиру"),
    "receipt": ("receipt", "текст на чеку", "текст на чеке"),
    "tier_set": ("the tier {x}", "рівень {x}", "уровень {x}"),
    "tier_set_days": ("the tier {x} for {n} days", "рівень {x} на {n} дн.",
                      "уровень {x} на {n} дн."),
    "cap": (", at most {v}", ", але не більше {v}", ", но не больше {v}"),
    "initial": (" (of the price before discounts)", " (від ціни до знижок)",
                " (от цены до скидок)"),
    "challenge_purchase": (
        "there are at least {v} purchases{r} in the last {d} days",
        "за останні {d} дн. зроблено не менше ніж {v} покупок{r}",
        "за последние {d} дн. сделано не меньше {v} покупок{r}",
    ),
    "challenge_day": (
        "there are at least {v} days{r} with a purchase in the last {d}",
        "за останні {d} дн. є не менше ніж {v} днів{r} із покупкою",
        "за последние {d} дн. есть не меньше {v} дней{r} с покупкой",
    ),
    "challenge_week": (
        "there are at least {v} weeks{r} with a purchase in the last {d} days",
        "за останні {d} дн. є не менше ніж {v} тижнів{r} із покупкою",
        "за последние {d} дн. есть не меньше {v} недель{r} с покупкой",
    ),
    "challenge_month": (
        "there are at least {v} months{r} with a purchase in the last {d} days",
        "за останні {d} дн. є не менше ніж {v} місяців{r} із покупкою",
        "за последние {d} дн. есть не меньше {v} месяцев{r} с покупкой",
    ),
    "challenge_amount": (
        "at least {v} was spent{r} in the last {d} days",
        "за останні {d} дн. витрачено не менше ніж {v}{r}",
        "за последние {d} дн. потрачено не меньше {v}{r}",
    ),
    "in_a_row": (" in a row", " поспіль", " подряд"),
    "from": ("From {x}.", "З {x}.", "С {x}."),
    "to": ("Until {x}.", "До {x}.", "До {x}."),
    "hours": ("Only {x}.", "Лише {x}.", "Только {x}."),
    "shops": ("Only in: {x}.", "Лише в: {x}.", "Только в: {x}."),
    "exclusive": ("Nothing else applies beside it.", "Інші акції разом із нею не діють.",
                  "Другие акции вместе с ней не действуют."),
    "not_with": ("Not together with: {x}.", "Не діє разом із: {x}.", "Не действует вместе с: {x}."),
    "group_first": ("Only the first that fits of the group {x}.",
                    "Діє лише перша відповідна акція групи {x}.",
                    "Действует только первая подходящая акция группы {x}."),
    "group_best_for_customer": ("Only the best for the customer of the group {x}.",
                                "З групи {x} діє лише найвигідніша для покупця.",
                                "Из группы {x} действует только самая выгодная покупателю."),
    "group_lowest": ("Only the smallest discount of the group {x}.",
                     "З групи {x} діє лише найменша знижка.",
                     "Из группы {x} действует только наименьшая скидка."),
    "limit": ("{w} {per}{period}: at most {v}.", "{w} {per}{period}: не більше {v}.",
              "{w} {per}{period}: не больше {v}."),
    "uses": ("Uses", "Застосувань", "Применений"),
    "discount": ("Discount", "Знижки", "Скидки"),
    "points": ("Points", "Балів", "Баллов"),
    "per_total": ("in all", "загалом", "всего"),
    "per_member": ("for one customer", "на одного покупця", "на одного покупателя"),
    "per_code": ("for one code", "на один код", "на один код"),
    "per_shop": ("in one shop", "на один магазин", "на один магазин"),
    "per_identifier": ("for one identifier", "на один ідентифікатор", "на один идентификатор"),
    "period_all": ("", "", ""),
    "period_day": (" a day", " на день", " в день"),
    "period_week": (" a week", " на тиждень", " в неделю"),
    "period_month": (" a month", " на місяць", " в месяц"),
    "period_year": (" a year", " на рік", " в год"),
}  # fmt: skip

WEEKDAYS: tuple[Said, ...] = (
    ("Mon", "пн", "пн"), ("Tue", "вт", "вт"), ("Wed", "ср", "ср"), ("Thu", "чт", "чт"),
    ("Fri", "пт", "пт"), ("Sat", "сб", "сб"), ("Sun", "нд", "вс"),
)  # fmt: skip
