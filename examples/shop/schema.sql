create table items (
	name    text primary key,
	price   int not null,            -- cents
	version int not null default 1,  -- of the price
	stock   int not null check (stock >= 0)
);

create table orders (
	id       text primary key default gen_random_uuid(),
	customer text not null,
	item     text not null references items,
	quantity int not null check (quantity > 0),
	total    int not null,
	state    text not null default 'placed' -- then paid or declined
);
